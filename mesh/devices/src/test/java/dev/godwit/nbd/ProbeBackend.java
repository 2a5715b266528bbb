package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Memory that claims any latency, counts, fails and waits when told to. */
final class ProbeBackend implements Backend {
  private final MemoryBackend memory;
  private final Supplier<Latency> latency;
  private final AtomicInteger flushes = new AtomicInteger();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private final AtomicReference<@Nullable CountDownLatch> held = new AtomicReference<>();
  private volatile Holes lastHoles = Holes.ALLOWED;

  ProbeBackend(long size, Latency latency) {
    this(size, () -> latency);
  }

  ProbeBackend(long size, Supplier<Latency> latency) {
    this.memory = new MemoryBackend(size);
    this.latency = latency;
  }

  int flushes() {
    return flushes.get();
  }

  Holes lastHoles() {
    return lastHoles;
  }

  /** The next call that touches data fails. */
  void failNext(Exception exception) {
    failure.set(exception);
  }

  /** The next read waits until the latch is open. */
  void holdNextRead(CountDownLatch latch) {
    held.set(latch);
  }

  private void maybeFail() throws IOException {
    Exception now = failure.getAndSet(null);
    if (now instanceof IOException e) {
      throw e;
    }
    if (now instanceof RuntimeException e) {
      throw e;
    }
  }

  @Override
  public long size() {
    return memory.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    CountDownLatch latch = held.getAndSet(null);
    if (latch != null) {
      try {
        if (!latch.await(30, TimeUnit.SECONDS)) {
          throw new IOException("nobody opened the latch");
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
    maybeFail();
    memory.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    maybeFail();
    memory.write(src, offset);
  }

  @Override
  public void flush() throws IOException {
    maybeFail();
    flushes.incrementAndGet();
    memory.flush();
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    maybeFail();
    lastHoles = holes;
    memory.zero(offset, length, holes);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    memory.extents(offset, length, visitor);
  }

  @Override
  public Latency latency() {
    return latency.get();
  }

  @Override
  public void close() {
    memory.close();
  }
}
