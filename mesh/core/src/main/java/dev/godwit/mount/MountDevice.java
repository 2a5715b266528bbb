package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FlushFailedException;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a program sees of a managed mount: writes stay here until they are saved, as long as there
 * are not too many of them; then they wait for the owner. A flush keeps what {@link Durability}
 * says.
 */
final class MountDevice extends ForwardingBackend {
  private static final Logger LOG = LoggerFactory.getLogger(MountDevice.class);
  private static final Duration STEP = Duration.ofMillis(20);

  /** How often a flush looks whether the owner takes anything. */
  private static final Duration LOOK = Duration.ofMillis(100);

  /** How often the unsaved bytes are counted until there can be too many of them. */
  private static final int COUNTS = 8;

  private final ReadListener reads;
  private final Flushing flushing;
  private final Durability durability;
  private final Saving saving;
  private final long mostUnsaved;
  private final Duration timeout;

  /** What was written since the unsaved bytes were counted. */
  private final AtomicLong writtenSince = new AtomicLong();

  private volatile long counted;

  /** Hears what programs read; must not block. */
  interface ReadListener {
    /** Bytes are being read. */
    void reading(long offset, int length);

    /** They were. */
    void read();
  }

  /** How far the owner is. */
  interface Saving {
    /** Bytes that it has not flushed; counting them may take a moment. */
    long unsavedBytes();

    /** A number that grows when it takes something. */
    long taken();
  }

  /** The time that an owner has which takes nothing; it begins anew whenever it takes something. */
  private final class Deadline {
    private long seen = saving.taken();
    private long end = System.nanoTime() + timeout.toNanos();

    boolean isOver() {
      long now = System.nanoTime();
      long taken = saving.taken();
      if (taken != seen) {
        seen = taken;
        end = now + timeout.toNanos();
      }
      return now - end > 0;
    }
  }

  /** Keeps what a flush promises. */
  interface Flushing {
    /**
     * Makes everything durable in the cache, and remembers that it is not saved.
     *
     * @throws IOException when that could not be confirmed
     */
    void flushHere() throws IOException;

    /** Completes when the owner has flushed what was written before. */
    CompletableFuture<Boolean> flushThere();

    /** Asks for the unsaved bytes to be brought to the owner now. */
    void hurry();
  }

  /**
   * A stage above the tracking of writes.
   *
   * @param reads hears what programs read
   * @param saving how far the owner is
   * @param mostUnsaved from which number of bytes on writes wait
   * @param timeout how long a write or flush waits for an owner that takes nothing
   */
  MountDevice(
      Backend below,
      ReadListener reads,
      Flushing flushing,
      Durability durability,
      Saving saving,
      long mostUnsaved,
      Duration timeout) {
    super(below);
    this.reads = reads;
    this.flushing = flushing;
    this.durability = durability;
    this.flush =
        switch (durability) {
          case LOCAL -> this::flushHere;
          case REMOTE -> this::flushThere;
        };
    this.saving = saving;
    this.mostUnsaved = mostUnsaved;
    this.timeout = timeout;
  }

  @FunctionalInterface
  private interface Flush {
    void run() throws IOException;
  }

  private final Flush flush;

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    reads.reading(offset, dst.remaining());
    below.read(dst, offset);
    reads.read();
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    awaitRoom(src.remaining());
    below.write(src, offset);
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    awaitRoom(0);
    below.zero(offset, length, holes);
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    awaitRoom(0);
    below.trim(offset, length);
  }

  private void awaitRoom(int bytes) throws IOException {
    long since = writtenSince.addAndGet(bytes);
    boolean recent = since <= mostUnsaved / COUNTS;
    if ((recent && counted + since <= mostUnsaved) || hasRoom(bytes)) {
      return;
    }
    flushing.hurry();
    Deadline deadline = new Deadline();
    while (!hasRoom(bytes)) {
      if (deadline.isOver()) {
        throw new IOException(
            counted
                + " bytes wait to be saved, and the owner has not taken any of them for "
                + timeout.toSeconds()
                + " s");
      }
      pause();
    }
  }

  private boolean hasRoom(int bytes) {
    writtenSince.set(bytes);
    counted = saving.unsavedBytes();
    return counted + bytes <= mostUnsaved;
  }

  private static void pause() throws IOException {
    try {
      TimeUnit.NANOSECONDS.sleep(STEP.toNanos());
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while waiting for the owner", e);
    }
  }

  @Override
  public void flush() throws IOException {
    flush.run();
  }

  private void flushHere() throws IOException {
    flushing.flushHere();
  }

  private void flushThere() throws IOException {
    CompletableFuture<Boolean> flushed = flushing.flushThere();
    Deadline deadline = new Deadline();
    while (!isDone(flushed)) {
      if (deadline.isOver()) {
        throw new IOException(
            "the owner did not confirm, and has taken nothing for " + timeout.toSeconds() + " s");
      }
    }
  }

  private boolean isDone(CompletableFuture<Boolean> flushed) throws IOException {
    try {
      boolean _ = flushed.get(LOOK.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      LOG.trace("the owner has not confirmed yet", e);
      return false;
    } catch (ExecutionException e) {
      throw new IOException(
          e.getCause() instanceof FlushFailedException failed
              ? "it is not saved: " + failed.getMessage()
              : "the owner did not save it: " + Failures.text(e),
          e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while waiting for the owner", e);
    }
  }

  /**
   * That of the cache while nothing waits for the owner: everything is here, flushes are done here,
   * and it is far to the limit of what may be unsaved.
   */
  @Override
  public Latency latency() {
    return durability == Durability.LOCAL && counted + writtenSince.get() <= mostUnsaved / 2
        ? below.latency()
        : Latency.REMOTE;
  }
}
