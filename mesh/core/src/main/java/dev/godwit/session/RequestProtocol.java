package dev.godwit.session;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.Compression;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.Limits;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answering side of sessions: reads requests from a stream and gives them to the handler of the
 * session's resource. Requests of the bulk lane are answered in place, one after the other, which
 * keeps them in order and costs no hand-over between threads; those of the demand lane side by
 * side, at most {@value #SIDE_BY_SIDE} at a time.
 */
public final class RequestProtocol implements Protocol {
  private static final Logger LOG = LoggerFactory.getLogger(RequestProtocol.class);
  private static final int SIDE_BY_SIDE = 64;

  /** Contents up to this are cheap to allocate: the ranges of a read. */
  private static final int SMALL = 4096;

  private final Resolver resolver;
  private final Compression compression;
  private final Authority authority;
  private final AnswerBudget budget;
  private final BufferPool contents = new BufferPool(Limits.STANDARD.content(), 16);
  private final BufferPool buffers =
      new BufferPool(FrameWriter.HEADROOM + Limits.STANDARD.content(), 16);

  /** Finds the handler for a session. */
  @FunctionalInterface
  public interface Resolver {
    /**
     * The handler for the resource that {@code open} names.
     *
     * @throws RemoteException when there is none, or the peer may not use it
     */
    RequestHandler resolve(Peer peer, StreamOpen open) throws RemoteException;
  }

  /** Answers with what {@code resolver} finds, for as long as a peer keeps its connection. */
  public RequestProtocol(Resolver resolver, Compression compression) {
    this(
        resolver,
        compression,
        Authority.AS_ONCE,
        AnswerBudget.of(Runtime.getRuntime().maxMemory()));
  }

  /**
   * Answers with what {@code resolver} finds.
   *
   * @param authority asked before each request
   * @param budget of answers, shared with other protocols
   */
  public RequestProtocol(
      Resolver resolver, Compression compression, Authority authority, AnswerBudget budget) {
    this.budget = budget;
    this.authority = authority;
    this.resolver = resolver;
    this.compression = compression;
  }

  @Override
  public void serve(Peer peer, StreamOpen open, ByteStream stream, FrameReader reader)
      throws IOException {
    if (open.getSession().size() != SessionId.BYTES) {
      throw new RemoteException(Failure.Code.MALFORMED, "a session id has 16 bytes");
    }
    RequestHandler handler = resolver.resolve(peer, open);
    Origin origin = new Origin(peer, new SessionId(open.getSession()), open.getLink());
    FrameWriter writer = new FrameWriter(stream);
    try (AnswerBudget.Account account = budget.open(peer.id())) {
      if (open.getLane() == dev.godwit.wire.proto.Lane.LANE_BULK) {
        serveInOrder(origin, handler, account, reader, writer);
      } else {
        serveSideBySide(origin, handler, account, reader, writer, stream);
      }
    }
    stream.finish();
  }

  private void serveInOrder(
      Origin origin,
      RequestHandler handler,
      AnswerBudget.Account account,
      FrameReader reader,
      FrameWriter writer)
      throws IOException {
    CompressionEstimate estimate = new CompressionEstimate();
    Call call =
        new Call(
            origin, writer, buffers, account, new ContentEncoder(compression, buffers, estimate));
    ByteBuffer content = ByteBuffer.allocateDirect(64 * 1024);
    while (reader.next()) {
      content = content(reader, content);
      answer(handler, call.set(reader.header(), reader.control(), content));
    }
  }

  private void serveSideBySide(
      Origin origin,
      RequestHandler handler,
      AnswerBudget.Account account,
      FrameReader reader,
      FrameWriter writer,
      ByteStream stream)
      throws IOException {
    CompressionEstimate estimate = new CompressionEstimate();
    Semaphore room = new Semaphore(SIDE_BY_SIDE);
    while (reader.next()) {
      int length = reader.header().wireLength();
      @Nullable PooledBuffer lent = length > SMALL ? contents.take() : null;
      ByteBuffer content =
          content(reader, lent == null ? ByteBuffer.allocate(length) : lent.bytes());
      ByteBuffer control =
          ByteBuffer.allocate(reader.control().remaining()).put(reader.control()).flip();
      Call call =
          new Call(
                  origin,
                  writer,
                  buffers,
                  account,
                  new ContentEncoder(compression, buffers, estimate))
              .set(reader.header(), control, content);
      room.acquireUninterruptibly();
      Thread.ofVirtual()
          .name("call")
          .start(
              () -> {
                try {
                  answer(handler, call);
                } catch (IOException e) {
                  LOG.debug("an answer could not be sent", e);
                  stream.reset(0);
                } finally {
                  if (lent != null) {
                    lent.close();
                  }
                  room.release();
                }
              });
    }
    // The peer has finished; let the last answers out before our direction ends.
    room.acquireUninterruptibly(SIDE_BY_SIDE);
  }

  private static ByteBuffer content(FrameReader reader, ByteBuffer buffer) throws IOException {
    FrameHeader header = reader.header();
    if (header.type() != FrameType.REQUEST) {
      throw new ProtocolException("expected REQUEST and got " + header.type());
    }
    if (header.wireLength() != header.contentLength()) {
      throw new ProtocolException("the content of a request is raw");
    }
    ByteBuffer content =
        buffer.capacity() < header.wireLength()
            ? ByteBuffer.allocateDirect(header.wireLength())
            : buffer;
    reader.content(content);
    if (content.hasRemaining() && !reader.verifies(content)) {
      throw new ProtocolException("checksum mismatch in a request");
    }
    return content;
  }

  /** What happened; where files of this machine are is not the peer's business. */
  private static String told(IOException e) {
    if (e instanceof FileSystemException file) {
      return Objects.requireNonNullElse(file.getReason(), "a file there cannot be used");
    }
    return String.valueOf(e.getMessage());
  }

  private void answer(RequestHandler handler, Call call) throws IOException {
    try {
      authority.check(call.peer());
      handler.handle(call);
    } catch (RemoteException e) {
      call.fail(e);
    } catch (ProtocolException e) {
      call.fail(new RemoteException(Failure.Code.MALFORMED, String.valueOf(e.getMessage())));
    } catch (IOException e) {
      LOG.debug("a request failed", e);
      call.fail(new RemoteException(Failure.Code.IO, told(e)));
    } catch (RuntimeException | Error e) {
      // The peer waits for an answer, whatever it was.
      LOG.error("a request handler failed", e);
      call.fail(new RemoteException(Failure.Code.INTERNAL, "internal error"));
    } finally {
      call.end();
    }
  }
}
