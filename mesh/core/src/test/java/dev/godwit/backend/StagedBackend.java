package dev.godwit.backend;

import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Memory that claims any latency, counts, fails and waits when told to. Thread-safe. */
public final class StagedBackend extends ForwardingBackend {
  private final Supplier<Latency> latency;
  private final AtomicInteger flushes = new AtomicInteger();
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private final AtomicReference<@Nullable Hold> next = new AtomicReference<>();
  private final AtomicReference<@Nullable Hold> nextRead = new AtomicReference<>();
  private volatile @Nullable Hold all;
  private volatile @Nullable Holes lastHoles;

  /** Memory of {@code size} bytes, all zero. */
  public StagedBackend(long size, Latency latency) {
    this(size, () -> latency);
  }

  /** Its latency may be another one each time that somebody asks. */
  public StagedBackend(long size, Supplier<Latency> latency) {
    super(new MemoryBackend(size));
    this.latency = latency;
  }

  /** What calls wait for. */
  public static final class Hold {
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    private Hold() {}

    /**
     * Waits until a call is there.
     *
     * @throws IOException when none comes within half a minute
     */
    public void awaitArrival() throws InterruptedException, IOException {
      if (!arrived.await(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("no call came");
      }
    }

    /** From now on nothing waits for this any more. */
    public void release() {
      open.countDown();
    }

    private void pass() throws IOException {
      arrived.countDown();
      try {
        if (!open.await(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)) {
          throw new IOException("nobody released the call");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
  }

  /** How often it was flushed. */
  public int flushes() {
    return flushes.get();
  }

  /** How often it was read. */
  public int reads() {
    return reads.get();
  }

  /** What the last call that made zeroes was allowed. */
  public @Nullable Holes lastHoles() {
    return lastHoles;
  }

  /** The next call that touches data fails. */
  public void failNext(Exception exception) {
    failure.set(exception);
  }

  /** The next call that touches data waits until it is released. */
  public Hold holdNext() {
    Hold hold = new Hold();
    next.set(hold);
    return hold;
  }

  /** The next read waits until it is released; what is no read passes it. */
  public Hold holdNextRead() {
    Hold hold = new Hold();
    nextRead.set(hold);
    return hold;
  }

  /** All calls that touch data wait until they are released. */
  public Hold holdAll() {
    Hold hold = new Hold();
    all = hold;
    return hold;
  }

  private void stage() throws IOException {
    passOnce(next);
    Hold every = all;
    if (every != null) {
      every.pass();
    }
    switch (failure.getAndSet(null)) {
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case null, default -> {}
    }
  }

  private static void passOnce(AtomicReference<@Nullable Hold> waiting) throws IOException {
    Hold hold = waiting.getAndSet(null);
    if (hold != null) {
      hold.pass();
    }
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    passOnce(nextRead);
    stage();
    reads.incrementAndGet();
    below.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    stage();
    below.write(src, offset);
  }

  @Override
  public void flush() throws IOException {
    stage();
    flushes.incrementAndGet();
    below.flush();
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    stage();
    lastHoles = holes;
    below.zero(offset, length, holes);
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    zero(offset, length, Holes.ALLOWED);
  }

  @Override
  public Latency latency() {
    return latency.get();
  }
}
