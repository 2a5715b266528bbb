package dev.godwit.migration;

import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.PartialBackend;
import dev.godwit.chunk.PullOrder;
import dev.godwit.session.Lane;
import dev.godwit.session.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Fetches what is missing in the background: chooses by a {@link PullOrder}, keeps as many bytes
 * under way as the link wants, and stores what comes. Requests are reused, so that steady pulling
 * allocates nothing.
 */
final class Puller {
  /** Bytes in one request. */
  private static final int REQUEST = 512 * 1024;

  private final Session session;
  private final PartialBackend target;
  private final ChunkGeometry geometry;
  private final PullOrder order;
  private final InFlightWindow window;
  private final MigrationProgress progress;
  private final ConcurrentLinkedQueue<BulkRead> idle = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

  Puller(
      Session session,
      PartialBackend target,
      ChunkGeometry geometry,
      PullOrder order,
      InFlightWindow window,
      MigrationProgress progress) {
    this.session = session;
    this.target = target;
    this.geometry = geometry;
    this.order = order;
    this.window = window;
    this.progress = progress;
  }

  /**
   * Fetches until nothing is missing.
   *
   * @param patience how long to wait for an answer, any answer
   * @throws IOException when the seeder refuses, cannot be reached in time, or the target fails
   */
  void pullMissing(Duration patience) throws IOException {
    failure.set(null);
    // What a program was working on when it arrived stays missing: another pass gets it.
    while (!target.isWhole()) {
      BlockSet wanted = new BlockSet(geometry.blocks());
      target.missing().forEachRun(wanted::add);
      pass(wanted, patience);
    }
  }

  private void pass(BlockSet wanted, Duration patience) throws IOException {
    try {
      for (int block = order.next(wanted); block >= 0 && failure.get() == null; ) {
        BulkRead read = idle.poll();
        if (read == null) {
          read = new BulkRead();
        }
        block = fill(read, wanted, block);
        window.acquire(read.bytes(), patience);
        submit(read);
      }
    } finally {
      window.drain(patience);
    }
    IOException failed = failure.get();
    if (failed != null) {
      throw new IOException(failed.getMessage(), failed);
    }
  }

  private void submit(BulkRead read) throws IOException {
    try {
      session.submit(read);
    } catch (IOException e) {
      // Nobody will answer it.
      window.release(read.bytes());
      throw e;
    }
  }

  /** Puts runs into a request, from {@code block} on; returns where the next one begins. */
  private int fill(BulkRead read, BlockSet wanted, int block) {
    read.clear();
    int room = REQUEST;
    while (block >= 0 && room >= geometry.blockSize() && read.runs() < Operation.READ_RUNS) {
      int end = Math.min(wanted.nextAbsent(block), block + room / geometry.blockSize());
      int length = (int) geometry.bytes(block, end);
      read.add(geometry.blockOffset(block), length);
      wanted.remove(block, end);
      room -= length;
      block = order.next(wanted);
    }
    return block;
  }

  private final class BulkRead extends SeederClient.Read {
    BulkRead() {
      super(Lane.BULK);
    }

    @Override
    void received(@Nullable ByteBuffer content) throws IOException {
      for (int i = 0; i < runs(); i++) {
        if (content == null) {
          target.arrivedZero(offset(i), length(i));
        } else {
          int end = content.position() + length(i);
          int limit = content.limit();
          content.limit(end);
          target.arrived(content, offset(i));
          content.limit(limit).position(end);
        }
      }
      int bytes = bytes();
      progress.fetched(bytes);
      idle.add(this);
      window.release(bytes);
    }

    @Override
    protected void failed(IOException cause) {
      failure.compareAndSet(null, cause);
      window.release(bytes());
    }
  }
}
