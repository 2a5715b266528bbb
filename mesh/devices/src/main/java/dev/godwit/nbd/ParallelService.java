package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.Extent;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.stream.StreamTimeoutException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves requests side by side on virtual threads, for backends whose calls may wait. The bytes in
 * flight are bounded: when they are used up, no further request is taken off the stream until a
 * reply has left. A short request to a local disk that comes alone is served in place.
 */
final class ParallelService implements RequestService {
  private static final Logger LOG = LoggerFactory.getLogger(ParallelService.class);

  /** Requests up to this size are served in place when nothing else is under way. */
  private static final int ALONE_BYTES = 64 << 10;

  private static final int STATUS_RUNS = 2048;

  private final Backend backend;
  private final ReplyComposer composer;
  private final Operations operations;
  private final BufferShelf shelf;
  private final SendQueue replies;
  private final Semaphore budget;
  private final int budgetBytes;
  private final Duration stall;

  /**
   * @param budgetBytes bytes of buffers in flight, enough for the largest one
   * @param stall how long to wait for a request under way before the connection is given up
   */
  ParallelService(
      ByteStream stream,
      Backend backend,
      ReplyComposer composer,
      BufferShelf shelf,
      int budgetBytes,
      Duration stall) {
    this.backend = backend;
    this.composer = composer;
    this.operations = new Operations(backend);
    this.shelf = shelf;
    this.replies = new SendQueue(stream);
    this.budget = new Semaphore(budgetBytes);
    this.budgetBytes = budgetBytes;
    this.stall = stall;
  }

  /** Whether every reply has left. */
  boolean idle() {
    return budget.availablePermits() == budgetBytes;
  }

  @Override
  public void serve(RequestReader request) throws IOException {
    boolean data = request.type() == Protocol.CMD_READ || request.type() == Protocol.CMD_WRITE;
    boolean alone =
        data
            && backend.latency() != Latency.REMOTE
            && request.count() <= ALONE_BYTES
            && request.flags() == 0
            && !request.more()
            && idle();
    Task task = new Task(request, room(request));
    if (request.type() == Protocol.CMD_WRITE) {
      task.takePayload(request);
    }
    if (alone && !request.more()) {
      task.run();
    } else {
      Thread.ofVirtual().name("nbd-request").start(task);
    }
  }

  /** The most data that the request brings or its reply carries, bytes. */
  private static int room(RequestReader request) {
    return switch (request.type()) {
      case Protocol.CMD_READ, Protocol.CMD_WRITE -> (int) request.count();
      case Protocol.CMD_BLOCK_STATUS -> 8 * STATUS_RUNS;
      default -> 0;
    };
  }

  @Override
  public void refuse(RequestReader request, RequestGate.Verdict verdict) throws IOException {
    Task task = new Task(request, 0);
    task.error(verdict.error(), verdict.reason(), -1);
    task.send();
  }

  @Override
  public void flush() {}

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
      this.cost = shelf.cost(data);
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
      send();
    }

    private void read() throws IOException {
      if (count == 0) {
        composer.done(bytes, cookie);
        return;
      }
      boolean sparse =
          composer.structured()
              && count >= InPlaceService.SPARSE_FROM
              && (flags & Protocol.FLAG_DF) == 0
              && backend.latency() != Latency.REMOTE;
      Runs runs = new Runs(ReplyComposer.SPARSE_RUNS);
      if (!sparse || !runs.gather(backend, offset, count, ReplyComposer.SPARSE_RUNS)) {
        composer.data(bytes, cookie, offset, (int) count, Protocol.REPLY_FLAG_DONE);
        return;
      }
      long at = offset;
      for (int i = 0; i < runs.count(); i++) {
        int length = (int) runs.length(i);
        int chunkFlags = i == runs.count() - 1 ? Protocol.REPLY_FLAG_DONE : 0;
        if (runs.kind(i) == Extent.Kind.HOLE) {
          composer.hole(bytes, cookie, at, length, chunkFlags);
        } else {
          composer.data(bytes, cookie, at, length, chunkFlags);
        }
        at += length;
      }
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
