package dev.godwit.cli;

import dev.godwit.migration.MigrationProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A migration at one moment, as it is shown.
 *
 * @param name whose resource
 * @param bytesDone that have arrived, over all rounds
 * @param bytesTotal that have to arrive as far as is known
 * @param rounds that have ended
 * @param pause how long the program would stand still if it were taken now
 * @param elapsed since the beginning
 * @param path how the seeder is reached
 */
record MigrationLine(
    String name,
    long bytesDone,
    long bytesTotal,
    int rounds,
    Duration pause,
    Duration elapsed,
    String path) {

  static MigrationLine of(String name, MigrationProgress progress, Duration elapsed, String path) {
    return new MigrationLine(
        name,
        progress.bytesFetched(),
        progress.bytesExpected(),
        progress.rounds(),
        progress.predictedDowntime(),
        elapsed,
        path);
  }

  double bytesPerSecond() {
    return bytesDone / Math.max(0.001, elapsed.toNanos() / 1e9);
  }

  private Duration left() {
    double rate = bytesPerSecond();
    return rate < 1
        ? Duration.ZERO
        : Duration.ofMillis((long) (Math.max(0, bytesTotal - bytesDone) / rate * 1000));
  }

  ProgressLine line() {
    List<String> details = new ArrayList<>();
    details.add(Units.bytes(bytesPerSecond()) + "/s");
    if (bytesPerSecond() >= 1) {
      details.add(Units.clock(left()) + " left");
    }
    details.add(path);
    if (rounds > 0) {
      details.add("round " + rounds + ", pause " + Units.millis(Units.toMillis(pause)));
    }
    details.add(Units.bytes(bytesDone) + " of " + Units.bytes(bytesTotal));
    return new ProgressLine(name, (double) bytesDone / Math.max(1, bytesTotal), details);
  }
}
