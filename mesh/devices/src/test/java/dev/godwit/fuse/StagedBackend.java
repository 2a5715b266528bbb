package dev.godwit.fuse;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Memory that claims any latency, counts, fails and waits when told to. */
final class StagedBackend implements Backend {
  private final MemoryBackend memory;
  private final Latency latency;
  private final AtomicInteger flushes = new AtomicInteger();
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private final AtomicReference<@Nullable Hold> held = new AtomicReference<>();
  private volatile @Nullable Holes lastHoles;

  StagedBackend(long size, Latency latency) {
    this.memory = new MemoryBackend(size);
    this.latency = latency;
  }

  /** A call that waits. */
  static final class Hold {
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    /** Waits until the call is there. */
    void awaitArrival() throws InterruptedException, IOException {
      if (!arrived.await(30, TimeUnit.SECONDS)) {
        throw new IOException("no call came");
      }
    }

    void release() {
      open.countDown();
    }

    private void pass() throws IOException {
      arrived.countDown();
      try {
        if (!open.await(60, TimeUnit.SECONDS)) {
          throw new IOException("nobody released the call");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
  }

  int flushes() {
    return flushes.get();
  }

  int reads() {
    return reads.get();
  }

  @Nullable Holes lastHoles() {
    return lastHoles;
  }

  /** The next call fails. */
  void failNext(Exception exception) {
    failure.set(exception);
  }

  /** The next call waits until it is released. */
  Hold holdNext() {
    Hold hold = new Hold();
    held.set(hold);
    return hold;
  }

  private void stage() throws IOException {
    Hold hold = held.getAndSet(null);
    if (hold != null) {
      hold.pass();
    }
    switch (failure.getAndSet(null)) {
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case null, default -> {}
    }
  }

  @Override
  public long size() {
    return memory.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    stage();
    reads.incrementAndGet();
    memory.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    stage();
    memory.write(src, offset);
  }

  @Override
  public void flush() throws IOException {
    stage();
    flushes.incrementAndGet();
    memory.flush();
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    stage();
    lastHoles = holes;
    memory.zero(offset, length, holes);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    memory.extents(offset, length, visitor);
  }

  @Override
  public Latency latency() {
    return latency;
  }

  @Override
  public void close() {
    memory.close();
  }
}
