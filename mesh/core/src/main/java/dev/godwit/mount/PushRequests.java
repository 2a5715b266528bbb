package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.pull.InFlightWindow;
import dev.godwit.session.Lane;
import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.Limits;
import dev.godwit.wire.proto.MountRun;
import dev.godwit.wire.proto.MountZeroKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Sends blocks of a mount's cache to the owner, many runs in one request, holes as zeroes, as many
 * requests at once as the way takes. One thread sends; {@link #taken} may be asked by any.
 */
final class PushRequests {
  /**
   * Whoever waits for the owner has a deadline of its own; here it is awaited as long as it takes.
   */
  private static final Duration PATIENCE = Duration.ofDays(30);

  /** Runs below this are sent as they are; to find their holes costs more than it saves. */
  private static final int WORTH_A_LOOK = 64 * 1024;

  private static final int MAX_RUNS = 256;

  private final MountClient client;
  private final long generation;
  private final Backend cache;
  private final ChunkGeometry geometry;
  private final InFlightWindow window;
  private final Pause between;
  private final BufferPool buffers = new BufferPool(Limits.STANDARD.content(), 8);
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

  /** Requests that the owner has answered. */
  private final AtomicLong taken = new AtomicLong();

  private @Nullable PooledBuffer buffer;
  private List<MountRun> runs = new ArrayList<>();

  /**
   * Requests to one owner.
   *
   * @param cache where the bytes are
   * @param window how much may be under way
   * @param between is called after each request
   */
  PushRequests(
      MountClient client,
      MountClient.Opened opened,
      Backend cache,
      InFlightWindow window,
      Pause between) {
    this.client = client;
    this.generation = opened.generation();
    this.geometry = opened.geometry();
    this.cache = cache;
    this.window = window;
    this.between = between;
  }

  /** What is done between two requests. */
  @FunctionalInterface
  interface Pause {
    /**
     * Lets others go first for a while.
     *
     * @throws IOException when interrupted
     */
    void run() throws IOException;
  }

  /** How many requests the owner has answered. */
  long taken() {
    return taken.get();
  }

  /**
   * Sends these blocks, and waits until the owner has answered for all of them.
   *
   * @throws IOException when some may not have come
   */
  void send(BlockSet batch) throws IOException {
    failure.set(null);
    try {
      submitAll(batch);
    } catch (IOException e) {
      failure.compareAndSet(null, e);
    } finally {
      window.drain(PATIENCE);
    }
    IOException failed = failure.get();
    if (failed != null) {
      throw new IOException(failed.getMessage(), failed);
    }
  }

  private void submitAll(BlockSet batch) throws IOException {
    try {
      for (int from = batch.next(0); from >= 0 && failure.get() == null; ) {
        int to = batch.nextAbsent(from);
        long offset = geometry.blockOffset(from);
        long length = geometry.bytes(from, to);
        if (length >= WORTH_A_LOOK) {
          cache.extents(offset, length, this::extent);
        } else {
          data(offset, length);
        }
        from = batch.next(to);
      }
      submit();
    } finally {
      if (buffer != null) {
        buffer.close();
        buffer = null;
      }
      runs = new ArrayList<>();
    }
  }

  private void extent(long offset, long length, Extent.Kind kind) throws IOException {
    switch (kind) {
      case DATA -> data(offset, length);
      case HOLE -> zero(offset, length);
    }
  }

  private void data(long offset, long length) throws IOException {
    long at = offset;
    long end = offset + length;
    while (at < end) {
      if (buffer == null) {
        buffer = buffers.take();
        buffer.bytes().limit(share(buffer.bytes().capacity()));
      }
      ByteBuffer bytes = buffer.bytes();
      int part = (int) Math.min(end - at, bytes.remaining());
      int limit = bytes.limit();
      bytes.limit(bytes.position() + part);
      cache.read(bytes, at);
      bytes.limit(limit);
      runs.add(MountRun.newBuilder().setOffset(at).setLength(part).build());
      at += part;
      if (!bytes.hasRemaining() || runs.size() == MAX_RUNS) {
        submit();
      }
    }
  }

  /** How much to send at a time: whole blocks, at least one. */
  private int share(int most) {
    int block = geometry.blockSize();
    return Math.max(block, window.share(most) / block * block);
  }

  private void zero(long offset, long length) throws IOException {
    window.acquire(1, PATIENCE);
    try {
      MountChange _ =
          client.zero(
              Lane.BULK,
              generation,
              offset,
              length,
              MountZeroKind.MOUNT_ZERO_KIND_HOLES,
              new Answered(null, 1));
    } catch (IOException e) {
      window.release(1);
      throw e;
    }
  }

  private void submit() throws IOException {
    PooledBuffer full = buffer;
    if (full == null || runs.isEmpty()) {
      return;
    }
    List<MountRun> sent = runs;
    runs = new ArrayList<>();
    buffer = null;
    int bytes = full.bytes().flip().remaining();
    try {
      window.acquire(bytes, PATIENCE);
    } catch (IOException e) {
      full.close();
      throw e;
    }
    boolean submitted = false;
    try {
      MountChange _ =
          client.write(Lane.BULK, generation, sent, full.bytes(), new Answered(full, bytes));
      submitted = true;
    } finally {
      if (!submitted) {
        full.close();
        window.release(bytes);
      }
    }
    between.run();
  }

  /** One request is answered. */
  private final class Answered implements MountChange.Answer {
    private final @Nullable PooledBuffer buffer;
    private final int bytes;

    Answered(@Nullable PooledBuffer buffer, int bytes) {
      this.buffer = buffer;
      this.bytes = bytes;
    }

    @Override
    public void done(long incarnation) {
      taken.incrementAndGet();
      letGo();
    }

    private void letGo() {
      if (buffer != null) {
        buffer.close();
      }
      window.release(bytes);
    }

    @Override
    public void failed(IOException cause) {
      failure.compareAndSet(null, cause);
      letGo();
    }
  }
}
