package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.stream.StreamTimeoutException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves requests side by side, for backends whose calls may wait: a disk on threads that the
 * system knows, since a virtual one that waits for a disk keeps its carrier waiting; what is far
 * away on virtual ones. The bytes in flight are bounded: when they are used up, no further request
 * is taken off the stream until a reply has left.
 */
final class ParallelService implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(ParallelService.class);

  private static final int STATUS_RUNS = 2048;

  /**
   * Of the bytes in flight a disk gets one part in this many: enough to keep it busy, and little
   * enough that buffers are used again before they have left the processor's cache.
   */
  private static final int DISK_SHARE = 4;

  private final Backend backend;
  private final ReplyComposer composer;
  private final Operations operations;
  private final BufferShelf shelf;
  private final SendQueue replies;
  private final Semaphore budget;
  private final int budgetBytes;
  private final Duration stall;
  private final Executor disk;

  /** Requests whose backend has not answered. */
  private final AtomicInteger underWay = new AtomicInteger();

  /**
   * @param replies where replies go, which others may send, too
   * @param disk runs what waits for a local disk
   * @param budgetBytes bytes of buffers in flight, enough for the largest one
   * @param stall how long to wait for a request under way before the connection is given up
   */
  ParallelService(
      SendQueue replies,
      Backend backend,
      ReplyComposer composer,
      BufferShelf shelf,
      Executor disk,
      int budgetBytes,
      Duration stall) {
    this.backend = backend;
    this.composer = composer;
    this.operations = new Operations(backend);
    this.shelf = shelf;
    this.disk = disk;
    this.replies = replies;
    this.budget = new Semaphore(budgetBytes);
    this.budgetBytes = budgetBytes;
    this.stall = stall;
  }

  /**
   * Takes the payload of the reader's current request, which passed the gate, off the stream. The
   * reply follows when it is there.
   *
   * @throws IOException when the connection failed
   */
  void serve(RequestReader request) throws IOException {
    Task task = new Task(request, room(request));
    if (request.type() == Protocol.CMD_WRITE) {
      task.takePayload(request);
    }
    underWay.incrementAndGet();
    if (backend.latency() == Latency.REMOTE) {
      Thread.ofVirtual().name("nbd-request").start(task);
    } else {
      disk.execute(task);
    }
  }

  /** Whether the backend has answered every request, though replies may still be on their way. */
  boolean isIdle() {
    return underWay.get() == 0;
  }

  private int cost(int data) {
    int cost = shelf.cost(data);
    return backend.latency() == Latency.REMOTE
        ? cost
        : (int) Math.min(budgetBytes, (long) cost * DISK_SHARE);
  }

  /** The most data that the request brings or its reply carries, bytes. */
  private static int room(RequestReader request) {
    return switch (request.type()) {
      case Protocol.CMD_READ, Protocol.CMD_WRITE -> (int) request.count();
      case Protocol.CMD_BLOCK_STATUS -> 8 * STATUS_RUNS;
      default -> 0;
    };
  }

  /** Waits for the requests under way and sends their replies. */
  @Override
  public void close() throws IOException {
    acquire(budgetBytes);
    budget.release(budgetBytes);
  }

  private void acquire(int cost) throws IOException {
    try {
      if (!budget.tryAcquire(cost, stall.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new StreamTimeoutException("a request under way", stall);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while requests were under way", e);
    }
  }

  /** One request from its header to its reply. Owned by one thread at a time. */
  private final class Task implements Runnable, SendQueue.Message {
    private final int type;
    private final int flags;
    private final long cookie;
    private final long offset;
    private final long count;
    private final int cost;

    /** The payload first, then the reply. */
    private final PooledBuffer buffer;

    private final ByteBuffer bytes;

    Task(RequestReader request, int data) throws IOException {
      this.type = request.type();
      this.flags = request.flags();
      this.cookie = request.cookie();
      this.offset = request.offset();
      this.count = request.count();
      this.cost = cost(data);
      acquire(cost);
      this.buffer = shelf.take(data);
      this.bytes = buffer.bytes();
    }

    void takePayload(RequestReader request) throws IOException {
      boolean taken = false;
      try {
        bytes.clear().limit((int) count);
        request.payload(bytes);
        bytes.flip();
        taken = true;
      } finally {
        if (!taken) {
          settled(null);
        }
      }
    }

    @Override
    public void run() {
      try {
        switch (type) {
          case Protocol.CMD_READ -> read();
          case Protocol.CMD_WRITE -> {
            backend.write(bytes, offset);
            operations.persist(flags);
            bytes.clear();
            composer.done(bytes, cookie);
          }
          case Protocol.CMD_BLOCK_STATUS -> status();
          default -> {
            operations.perform(type, flags, offset, count);
            composer.done(bytes, cookie);
          }
        }
      } catch (IOException | RuntimeException e) {
        LOG.debug("{} failed", Protocol.commandName(type), e);
        boolean placed = type == Protocol.CMD_READ || type == Protocol.CMD_WRITE;
        error(NbdError.of(e), String.valueOf(e.getMessage()), placed && count > 0 ? offset : -1);
      }
      // Before the reply is sent: the client's next request may be here before this thread goes on.
      underWay.decrementAndGet();
      send();
    }

    private void read() throws IOException {
      if (count == 0) {
        composer.done(bytes, cookie);
        return;
      }
      composer.data(bytes, cookie, offset, (int) count, Protocol.REPLY_FLAG_DONE);
    }

    private void status() throws IOException {
      boolean one = (flags & Protocol.FLAG_REQ_ONE) != 0;
      Runs runs = new Runs(STATUS_RUNS);
      var _ = runs.gather(backend, offset, count, one ? 1 : STATUS_RUNS);
      composer.status(bytes, cookie, runs);
    }

    void error(NbdError error, String reason, long at) {
      bytes.clear();
      composer.error(bytes, cookie, error, ReplyComposer.describe(type, offset, count, reason), at);
    }

    void send() {
      bytes.flip();
      replies.send(this);
    }

    @Override
    public ByteBuffer[] buffers() {
      return new ByteBuffer[] {bytes};
    }

    @Override
    public void settled(@Nullable IOException failure) {
      buffer.close();
      budget.release(cost);
    }
  }
}
