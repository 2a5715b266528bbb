package dev.godwit.session;

import dev.godwit.identity.NodeId;
import dev.godwit.stream.BufferPool;
import dev.godwit.stream.ByteStream;
import dev.godwit.wire.Compression;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.Objects;
import java.util.concurrent.Semaphore;
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

  /** What a call holds besides what was sent: its thread, its objects, a small content. */
  private static final int CALL = 4096;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Resolver resolver;
  private final Compression compression;
  private final Authority authority;
  private final CallMemory memory;

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
    this(resolver, compression, Authority.AS_ONCE, CallMemory.of(Runtime.getRuntime().maxMemory()));
  }

  /**
   * Answers with what {@code resolver} finds.
   *
   * @param authority asked before each request
   * @param memory for requests and answers, shared with other protocols
   */
  public RequestProtocol(
      Resolver resolver, Compression compression, Authority authority, CallMemory memory) {
    this.memory = memory;
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
    try (Accounts accounts = open(peer.id())) {
      if (open.getLane() == dev.godwit.wire.proto.Lane.LANE_BULK) {
        serveInOrder(origin, handler, accounts, reader, writer);
      } else {
        serveSideBySide(origin, handler, accounts, reader, writer, stream);
      }
    }
    stream.finish();
  }

  /** What the requests of one peer on one stream are counted on. */
  private record Accounts(
      PeerBudget.Account answers, PeerBudget.Account contents, PeerBudget.Account calls)
      implements AutoCloseable {
    @Override
    public void close() {
      answers.close();
      contents.close();
      calls.close();
    }
  }

  private Accounts open(NodeId peer) {
    return new Accounts(
        memory.answers().open(peer), memory.contents().open(peer), memory.calls().open(peer));
  }

  private void serveInOrder(
      Origin origin,
      RequestHandler handler,
      Accounts accounts,
      FrameReader reader,
      FrameWriter writer)
      throws IOException {
    Call call = call(origin, writer, accounts, new CompressionEstimate());
    RequestContent content = new RequestContent(accounts.contents(), memory.contentBuffers());
    while (reader.next()) {
      try (content) {
        RequestHandler answering = read(reader, reader.control(), content, call, handler);
        answer(answering, call);
      }
    }
  }

  private void serveSideBySide(
      Origin origin,
      RequestHandler handler,
      Accounts accounts,
      FrameReader reader,
      FrameWriter writer,
      ByteStream stream)
      throws IOException {
    CompressionEstimate estimate = new CompressionEstimate();
    Semaphore room = new Semaphore(SIDE_BY_SIDE);
    while (reader.next()) {
      room.acquireUninterruptibly();
      Counted counted = new Counted(accounts, memory.contentBuffers(), room);
      boolean handed = false;
      try {
        counted.take(CALL + reader.control().remaining());
        ByteBuffer control =
            ByteBuffer.allocate(reader.control().remaining())
                .put(reader.control().duplicate())
                .flip();
        Call call = call(origin, writer, accounts, estimate);
        RequestHandler answering = read(reader, control, counted.content, call, handler);
        Thread.ofVirtual()
            .name("call")
            .start(
                () -> {
                  try (counted) {
                    answer(answering, call);
                  } catch (IOException e) {
                    LOG.debug("an answer could not be sent", e);
                    stream.reset(0);
                  }
                });
        handed = true;
      } finally {
        if (!handed) {
          counted.close();
        }
      }
    }
    // The peer has finished; let the last answers out before our direction ends.
    room.acquireUninterruptibly(SIDE_BY_SIDE);
  }

  /** What one of the calls that are answered side by side holds. */
  private static final class Counted implements AutoCloseable {
    private final PeerBudget.Account account;
    private final RequestContent content;
    private final Semaphore room;
    private long counted;

    Counted(Accounts accounts, RequestContent.Lender lender, Semaphore room) {
      this.account = accounts.calls();
      this.content = new RequestContent(accounts.contents(), lender);
      this.room = room;
    }

    void take(long bytes) throws IOException {
      account.take(bytes);
      counted = bytes;
    }

    @Override
    public void close() {
      content.close();
      if (counted > 0) {
        account.giveBack(counted);
      }
      room.release();
    }
  }

  private Call call(
      Origin origin, FrameWriter writer, Accounts accounts, CompressionEstimate estimate) {
    BufferPool buffers = memory.answerBuffers();
    return new Call(
        origin,
        writer,
        buffers,
        accounts.answers(),
        new ContentEncoder(compression, buffers, estimate));
  }

  /** Reads a request, and says who answers it: whatever the peer learns it learns in its turn. */
  private static RequestHandler read(
      FrameReader reader,
      ByteBuffer control,
      RequestContent content,
      Call call,
      RequestHandler handler)
      throws IOException {
    call.set(reader.header(), control, NOTHING);
    try {
      call.set(reader.header(), control, content.read(reader));
      return handler;
    } catch (RemoteException e) {
      return _ -> {
        throw e;
      };
    }
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
