package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.Extent;
import dev.godwit.stream.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves requests one after the other on the connection's thread, for what is in memory: handing
 * one to another thread would take longer than serving it. Replies gather in one buffer that is
 * sent when it has grown or when no request is left to serve. No allocation per request.
 */
final class InPlaceService implements RequestService {
  private static final Logger LOG = LoggerFactory.getLogger(InPlaceService.class);

  /** Data of a long read sent at once: large enough for the system call, small for the cache. */
  static final int PIECE = 1 << 17;

  /** Reads of memory from this size on look for holes first. */
  private static final int SPARSE_FROM = 1 << 16;

  /** Replies are sent when this many bytes wait, so that the client can work meanwhile. */
  private static final int SEND_FROM = 1 << 16;

  private static final int STATUS_RUNS = 2048;

  private final Backend backend;
  private final ReplyComposer composer;
  private final Operations operations;
  private final BufferShelf shelf;
  private final Runs runs = new Runs(STATUS_RUNS);
  private final ByteBuffer out;
  private final Sending sending;

  /**
   * @param replies where replies go, which others may send, too
   * @param out a direct buffer for this service alone, larger than {@link #PIECE} and a header
   * @param stall how long to wait for others that send before the connection is given up
   */
  InPlaceService(
      SendQueue replies,
      Backend backend,
      ReplyComposer composer,
      BufferShelf shelf,
      ByteBuffer out,
      Duration stall) {
    this.sending = new Sending(replies, stall);
    this.backend = backend;
    this.composer = composer;
    this.operations = new Operations(backend);
    this.shelf = shelf;
    this.out = out.clear();
  }

  @Override
  public void serve(RequestReader request) throws IOException {
    switch (request.type()) {
      case Protocol.CMD_READ -> read(request);
      case Protocol.CMD_WRITE -> write(request);
      case Protocol.CMD_BLOCK_STATUS -> status(request);
      default -> operate(request);
    }
    if (out.position() >= SEND_FROM) {
      flush();
    }
  }

  private void read(RequestReader request) throws IOException {
    int count = (int) request.count();
    long cookie = request.cookie();
    room(ReplyComposer.OVERHEAD);
    if (count == 0) {
      composer.done(out, cookie);
    } else if (composer.structured()
        && (request.flags() & Protocol.FLAG_DF) == 0
        && (count > PIECE || looksForHoles(count))) {
      readInPieces(request);
    } else if (count <= PIECE) {
      room(count + ReplyComposer.OVERHEAD);
      try {
        composer.data(out, cookie, request.offset(), count, Protocol.REPLY_FLAG_DONE);
      } catch (IOException | RuntimeException e) {
        fail(request, e, request.offset());
      }
    } else {
      readWhole(request);
    }
  }

  /** In memory that costs nothing; a file system may have to walk through the file. */
  private boolean looksForHoles(long count) {
    return count >= SPARSE_FROM && backend.latency() == Latency.MEMORY;
  }

  /** A structured reply of several chunks, each complete before it is sent. */
  private void readInPieces(RequestReader request) throws IOException {
    long at = request.offset();
    long end = at + request.count();
    try {
      boolean all =
          looksForHoles(request.count())
              && runs.gather(backend, at, request.count(), ReplyComposer.SPARSE_RUNS);
      int index = 0;
      while (at < end) {
        long runEnd = all ? at + runs.length(index) : end;
        boolean hole = all && runs.kind(index++) == Extent.Kind.HOLE;
        while (at < runEnd) {
          int piece = (int) Math.min(runEnd - at, hole ? Integer.MAX_VALUE : PIECE);
          int flags = at + piece == end ? Protocol.REPLY_FLAG_DONE : 0;
          if (hole) {
            room(ReplyComposer.OVERHEAD);
            composer.hole(out, request.cookie(), at, piece, flags);
          } else {
            room(piece + ReplyComposer.OVERHEAD);
            composer.data(out, request.cookie(), at, piece, flags);
          }
          at += piece;
        }
      }
    } catch (StreamFailedException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      fail(request, e, at);
    }
  }

  /** A reply in one chunk that does not fit into the buffer of small replies. */
  private void readWhole(RequestReader request) throws IOException {
    try (PooledBuffer large = shelf.take((int) request.count())) {
      ByteBuffer bytes = large.bytes();
      try {
        composer.data(
            bytes,
            request.cookie(),
            request.offset(),
            (int) request.count(),
            Protocol.REPLY_FLAG_DONE);
      } catch (IOException | RuntimeException e) {
        fail(request, e, request.offset());
        return;
      }
      flush();
      sending.send(bytes.flip());
    }
  }

  private void write(RequestReader request) throws IOException {
    try {
      request.payload(backend);
    } catch (RequestReader.StoreFailedException e) {
      fail(request, e.reason(), request.offset());
      return;
    }
    try {
      operations.persist(request.flags());
    } catch (IOException | RuntimeException e) {
      fail(request, e, -1);
      return;
    }
    room(ReplyComposer.OVERHEAD);
    composer.done(out, request.cookie());
  }

  private void status(RequestReader request) throws IOException {
    boolean one = (request.flags() & Protocol.FLAG_REQ_ONE) != 0;
    try {
      var _ = runs.gather(backend, request.offset(), request.count(), one ? 1 : STATUS_RUNS);
    } catch (IOException | RuntimeException e) {
      fail(request, e, request.offset());
      return;
    }
    room(ReplyComposer.OVERHEAD + 8 * STATUS_RUNS);
    composer.status(out, request.cookie(), runs);
  }

  private void operate(RequestReader request) throws IOException {
    try {
      operations.perform(request.type(), request.flags(), request.offset(), request.count());
    } catch (IOException | RuntimeException e) {
      fail(request, e, -1);
      return;
    }
    room(ReplyComposer.OVERHEAD);
    composer.done(out, request.cookie());
  }

  @Override
  public void refuse(RequestReader request, RequestGate.Verdict verdict) throws IOException {
    error(request, verdict.error(), verdict.reason(), -1);
  }

  private void fail(RequestReader request, Exception failure, long offset) throws IOException {
    LOG.debug("{} failed", Protocol.commandName(request.type()), failure);
    error(request, NbdError.of(failure), String.valueOf(failure.getMessage()), offset);
  }

  private void error(RequestReader request, NbdError error, String reason, long offset)
      throws IOException {
    room(ReplyComposer.OVERHEAD);
    composer.error(
        out,
        request.cookie(),
        error,
        ReplyComposer.describe(request.type(), request.offset(), request.count(), reason),
        offset);
  }

  private void room(int bytes) throws IOException {
    if (out.remaining() < bytes) {
      flush();
    }
  }

  @Override
  public void flush() throws IOException {
    if (out.position() > 0) {
      try {
        sending.send(out.flip());
      } catch (IOException e) {
        throw new StreamFailedException(e);
      } finally {
        out.clear();
      }
    }
  }

  @Override
  public void close() throws IOException {
    flush();
  }

  /** Sends one buffer after the other; for the connection's thread. */
  private static final class Sending implements SendQueue.Message {
    private final SendQueue replies;
    private final Duration stall;
    private final ByteBuffer[] outgoing = new ByteBuffer[1];
    private final Semaphore sent = new Semaphore(0);

    /** Handed over by {@link #sent}. */
    private @Nullable IOException failure;

    Sending(SendQueue replies, Duration stall) {
      this.replies = replies;
      this.stall = stall;
    }

    /** Returns when the bytes are on their way, so that their buffer can be used again. */
    void send(ByteBuffer bytes) throws IOException {
      outgoing[0] = bytes;
      replies.send(this);
      boolean settled = false;
      try {
        settled = sent.tryAcquire(stall.toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        LOG.debug("interrupted while a reply was sent", e);
        Thread.currentThread().interrupt();
      }
      if (!settled) {
        // Whoever sends has the buffer, which nobody may use before: this ends that.
        replies.abandon();
        sent.acquireUninterruptibly();
      }
      IOException failed = failure;
      if (failed != null) {
        throw new IOException(failed.getMessage(), failed);
      }
    }

    @Override
    public ByteBuffer[] buffers() {
      return outgoing;
    }

    @Override
    public void settled(@Nullable IOException failed) {
      failure = failed;
      sent.release();
    }
  }

  /** The connection failed, as opposed to the backend. */
  private static final class StreamFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    StreamFailedException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
