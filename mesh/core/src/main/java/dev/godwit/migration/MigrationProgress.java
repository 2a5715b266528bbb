package dev.godwit.migration;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** How far a migration is, for people; read by any thread at any time. */
public final class MigrationProgress {
  private final AtomicLong fetched = new AtomicLong();
  private final AtomicLong total = new AtomicLong();
  private volatile int rounds;
  private volatile long dirtyBytes;
  private volatile double bytesPerSecond;
  private volatile Duration predictedDowntime = Duration.ZERO;

  /** Nothing has happened yet. */
  public MigrationProgress() {}

  /** Everything is fetched again. */
  void beginAnew() {
    fetched.set(0);
    total.set(0);
    rounds = 0;
  }

  void fetched(long bytes) {
    fetched.getAndAdd(bytes);
  }

  void expect(long bytes) {
    total.getAndAdd(bytes);
  }

  void round(int rounds, long dirtyBytes, double bytesPerSecond, Duration predictedDowntime) {
    this.rounds = rounds;
    this.dirtyBytes = dirtyBytes;
    this.bytesPerSecond = bytesPerSecond;
    this.predictedDowntime = predictedDowntime;
  }

  /** Bytes that have arrived and are verified, over all rounds. */
  public long bytesFetched() {
    return fetched.get();
  }

  /** Bytes that had to be fetched as far as is known, over all rounds. */
  public long bytesExpected() {
    return total.get();
  }

  /** How many rounds have ended. */
  public int rounds() {
    return rounds;
  }

  /** What the last round left to fetch. */
  public long dirtyBytes() {
    return dirtyBytes;
  }

  /** The rate of the last round, bytes a second. */
  public double bytesPerSecond() {
    return bytesPerSecond;
  }

  /** How long the program would stand still if it were taken now. */
  public Duration predictedDowntime() {
    return predictedDowntime;
  }
}
