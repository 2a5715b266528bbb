package dev.godwit.pull;

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
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches what is missing in the background: chooses by a {@link PullOrder}, keeps as many bytes
 * under way as the link wants, and stores what comes. Requests are reused, so that steady pulling
 * allocates nothing.
 */
public final class Puller {
  /** The most bytes in one request. */
  private static final int REQUEST = 512 * 1024;

  /** How often to look again at what programs have asked for. */
  private static final Duration STEP = Duration.ofMillis(100);

  private final Session session;
  private final PartialBackend target;
  private final ChunkGeometry geometry;
  private final PullOrder order;
  private final InFlightWindow window;
  private final LongConsumer fetched;
  private final ConcurrentLinkedQueue<BulkRead> idle = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

  /**
   * Pulls nothing yet.
   *
   * @param target what is missing there is pulled
   * @param window how much may be under way
   * @param fetched hears of the bytes that came, on threads of the session
   */
  public Puller(
      Session session,
      PartialBackend target,
      ChunkGeometry geometry,
      PullOrder order,
      InFlightWindow window,
      LongConsumer fetched) {
    this.session = session;
    this.target = target;
    this.geometry = geometry;
    this.order = order;
    this.window = window;
    this.fetched = fetched;
  }

  /**
   * Fetches until nothing is missing.
   *
   * @param patience how long to wait for an answer, any answer
   * @throws IOException when the peer refuses, cannot be reached in time, or the target fails
   */
  public void pullMissing(Duration patience) throws IOException {
    // What a program was working on when it arrived stays missing: another pass gets it.
    while (!target.isWhole()) {
      if (pull(patience) == 0) {
        // Programs have asked for all of it.
        target.awaitArrival(STEP);
      }
    }
  }

  /**
   * Fetches what is missing now and what the order wants of it.
   *
   * @param patience as in {@link #pullMissing}
   * @throws IOException as {@link #pullMissing}
   */
  public void pullWanted(Duration patience) throws IOException {
    int _ = pull(patience);
  }

  /** Returns how many requests it took. */
  private int pull(Duration patience) throws IOException {
    failure.set(null);
    BlockSet wanted = new BlockSet(geometry.blocks());
    target.missing().forEachRun(wanted::add);
    return pass(wanted, patience);
  }

  private int pass(BlockSet wanted, Duration patience) throws IOException {
    int requests = 0;
    try {
      for (int block = order.next(wanted); block >= 0 && failure.get() == null; ) {
        BulkRead read = idle.poll();
        if (read == null) {
          read = new BulkRead();
        }
        block = fill(read, wanted, block);
        if (read.ranges() > 0) {
          submit(read, patience);
          requests++;
        } else {
          idle.add(read);
        }
      }
    } finally {
      window.drain(patience);
    }
    IOException failed = failure.get();
    if (failed != null) {
      throw new IOException(failed.getMessage(), failed);
    }
    return requests;
  }

  private void submit(BulkRead read, Duration patience) throws IOException {
    try {
      window.acquire(read.bytes(), patience);
    } catch (IOException e) {
      read.lost();
      throw e;
    }
    try {
      session.submit(read);
    } catch (IOException e) {
      // Nobody will answer it.
      window.release(read.bytes());
      read.lost();
      throw e;
    }
  }

  /** Puts runs into a request, from {@code block} on; returns where the next one begins. */
  private int fill(BulkRead read, BlockSet wanted, int block) {
    read.clear();
    read.moment = target.moment();
    int room = window.share(REQUEST);
    while (block >= 0 && room >= geometry.blockSize() && read.ranges() < RangeRead.MAX_RANGES) {
      // Not further than the chunk: what comes behind it is for the order to say.
      int end = Math.min(geometry.chunkEnd(block), block + room / geometry.blockSize());
      end = wanted.nextAbsent(block, end);
      // What a program has written, fetched or asked for since need not be asked for any more.
      int start = target.nextToAskFor(block, end);
      end = target.endToAskFor(start, end);
      wanted.remove(block, Math.max(start, end));
      if (start < end) {
        int length = (int) geometry.bytes(start, end);
        read.add(geometry.blockOffset(start), length);
        target.asked(start, end);
        room -= length;
      }
      block = order.next(wanted);
    }
    return block;
  }

  private final class BulkRead extends RangeRead {
    /** When it was asked, by the target's clock. */
    private long moment;

    BulkRead() {
      super(Lane.BULK);
    }

    void lost() {
      for (int i = 0; i < ranges(); i++) {
        target.lost(geometry.blockAt(offset(i)), geometry.blockFrom(offset(i) + length(i)));
      }
    }

    @Override
    protected void received(@Nullable ByteBuffer content) throws IOException {
      for (int i = 0; i < ranges(); i++) {
        if (content == null) {
          target.arrivedZero(offset(i), length(i), moment);
        } else {
          int end = content.position() + length(i);
          int limit = content.limit();
          content.limit(end);
          target.arrived(content, offset(i), moment);
          content.limit(limit).position(end);
        }
      }
      int bytes = bytes();
      fetched.accept(bytes);
      idle.add(this);
      window.release(bytes);
    }

    @Override
    protected void failed(IOException cause) {
      lost();
      failure.compareAndSet(null, cause);
      window.release(bytes());
    }
  }
}
