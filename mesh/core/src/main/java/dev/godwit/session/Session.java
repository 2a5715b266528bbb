package dev.godwit.session;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Interruption;
import dev.godwit.wire.Compression;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.Limits;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.StreamOpen;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The asking side of a conversation with one peer, which outlives its connections.
 *
 * <p>Requests are idempotent. When the connection dies, the session is {@link
 * SessionState.Recovering}: it makes a new one and asks everything unanswered again. When a better
 * connection is found, {@link #moveTo} takes the session over to it in the same way. Only when
 * there was no connection for {@link SessionTiming#withoutConnection} (or {@link #tolerate}), or
 * the peer refuses the session itself, does it close, and then every request fails.
 *
 * <p>Thread-safe. The lock guards the bookkeeping and is never held while writing or reading.
 */
public final class Session implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final int MISMATCHES = 3;

  private final StreamOpen open;
  private final Connector connector;
  private final SessionTiming timing;
  private final Compression compression;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final StateChanges states =
      new StateChanges(lock, new SessionState.Recovering("not connected yet", 0));
  private final Map<Long, Request> outstanding = new LinkedHashMap<>();
  private @Nullable Link link;
  private @Nullable IOException end;
  private long nextId = 1;
  private final AtomicLong linksMade = new AtomicLong();
  private long newestLink;
  private final Outage outage;
  private volatile boolean served;

  /** Makes connections to the session's peer. */
  @FunctionalInterface
  public interface Connector {
    /**
     * A greeted connection to the peer, by the best way there is now.
     *
     * @throws RemoteException when the peer refused for good; the session then closes
     * @throws IOException when it cannot be reached now
     */
    Connection connect() throws IOException;
  }

  /**
   * A session without a connection yet; {@link #start} makes the first one.
   *
   * @param id its name
   * @param protocol what is spoken, for example {@code godwit/migration/1}
   * @param resource what it is about, or empty
   */
  public Session(
      SessionId id,
      String protocol,
      String resource,
      Connector connector,
      SessionTiming timing,
      Compression compression) {
    this.open =
        StreamOpen.newBuilder()
            .setProtocol(protocol)
            .setSession(id.bytes())
            .setResource(resource)
            .build();
    this.connector = connector;
    this.timing = timing;
    this.compression = compression;
    this.outage = new Outage(timing);
  }

  /**
   * Makes the first connection.
   *
   * @throws IOException when there is none; the session is then closed
   */
  public void start() throws IOException {
    try {
      moveTo(connector.connect());
    } catch (IOException e) {
      close(e);
      throw e;
    }
  }

  /**
   * Changes how long the session may be without a connection before it closes; {@link
   * SessionTiming#withoutConnection} at first.
   */
  public void tolerate(Duration withoutConnection) {
    lock.lock();
    try {
      outage.tolerate(withoutConnection);
    } finally {
      lock.unlock();
    }
  }

  /** What the session is doing. */
  public SessionState state() {
    return states.present();
  }

  /** Calls {@code listener} at every change of state, in order, one at a time, on any thread. */
  public void onChange(Consumer<SessionState> listener) {
    states.add(listener);
  }

  /** Round-trip time of the present connection, zero when there is none or it is not known. */
  public Duration roundTrip() {
    lock.lock();
    try {
      return link == null ? Duration.ZERO : link.connection().roundTrip();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Asks without waiting; the request hears the answer.
   *
   * @throws IOException when the session is closed
   */
  public void submit(Request request) throws IOException {
    @Nullable Link current;
    lock.lock();
    try {
      if (end != null) {
        throw closedBecause(end);
      }
      request.id = nextId++;
      request.mismatches = 0;
      outstanding.put(request.id, request);
      current = link;
    } finally {
      lock.unlock();
    }
    if (current != null) {
      send(current, request);
    }
  }

  private void send(Link current, Request request) {
    try {
      current.send(request);
    } catch (IOException e) {
      lost(current, e);
    }
  }

  /**
   * Asks and waits for the answer.
   *
   * @throws RemoteException when the peer refused
   * @throws RequestTimeoutException when there was no answer within {@link SessionTiming#call}
   * @throws IOException when the session is or becomes closed
   */
  public Reply call(byte operation, @Nullable MessageLite control) throws IOException {
    return call(operation, control, timing.call());
  }

  /** As {@link #call(byte, MessageLite)}, with a deadline of its own. */
  public Reply call(byte operation, @Nullable MessageLite control, Duration deadline)
      throws IOException {
    return call(new Call(operation, control, null), deadline);
  }

  /**
   * As {@link #call(byte, MessageLite)}, with content instead of a control message.
   *
   * @param content at most as long as a frame's may be; does not change any more
   */
  public Reply callWith(byte operation, ByteBuffer content, Duration deadline) throws IOException {
    return call(new Call(operation, null, content), deadline);
  }

  private Reply call(Call call, Duration deadline) throws IOException {
    submit(call);
    try {
      return call.answer.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    } catch (TimeoutException e) {
      withdraw(call);
      throw (IOException)
          new RequestTimeoutException(call.operation(), deadline, state()).initCause(e);
    } catch (InterruptedException e) {
      withdraw(call);
      throw Interruption.passedOn("interrupted during a call", e);
    }
  }

  /** The cause with the stack of the caller, so that both can be seen. */
  private static IOException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case RemoteException e -> (IOException) new RemoteException(e.toFailure()).initCause(e);
      case SessionClosedException e ->
          (IOException) new SessionClosedException(String.valueOf(e.getMessage())).initCause(e);
      case null, default -> new IOException(cause == null ? "failed" : cause.getMessage(), cause);
    };
  }

  /**
   * Takes an unanswered request back: it is not asked again, and hears nothing any more unless it
   * is being answered right now. The peer may still do it.
   *
   * @see #abandon
   */
  public void withdraw(Request request) {
    lock.lock();
    try {
      outstanding.remove(request.id);
    } finally {
      lock.unlock();
    }
  }

  /**
   * As {@link #withdraw}, and the peer does not begin to do it any more once it has heard of this
   * session again: the session goes over to another connection.
   *
   * @param why for people
   */
  public void abandon(Request request, String why) {
    withdraw(request);
    @Nullable Link current;
    lock.lock();
    try {
      current = link;
    } finally {
      lock.unlock();
    }
    if (current != null) {
      lost(current, new IOException(why));
    }
  }

  private static final class Call extends Request {
    private final @Nullable MessageLite control;
    private final @Nullable ByteBuffer content;
    private final CompletableFuture<Reply> answer = new CompletableFuture<>();

    Call(byte operation, @Nullable MessageLite control, @Nullable ByteBuffer content) {
      super(operation, Lane.DEMAND);
      this.control = control;
      this.content = content;
    }

    @Override
    protected @Nullable ByteBuffer content() {
      return content;
    }

    @Override
    protected @Nullable MessageLite control() {
      return control;
    }

    @Override
    protected void replied(FrameHeader header, ByteBuffer control, ByteBuffer content) {
      ByteBuffer copy = ByteBuffer.allocate(header.contentLength());
      if (header.encoding() != Encoding.ZERO) {
        copy.put(content).flip();
      }
      answer.complete(new Reply(ByteString.copyFrom(control), copy));
    }

    @Override
    protected void failed(IOException cause) {
      answer.completeExceptionally(cause);
    }
  }

  /**
   * Carries the session on over another connection. Unanswered requests are asked again there. The
   * old connection is left to whoever made it, and no answer that comes there counts any more: so
   * the peer may refuse what arrives late of it.
   *
   * @throws IOException when the connection does not work or the session is closed; the session
   *     then stays where it was
   */
  public void moveTo(Connection connection) throws IOException {
    Link fresh = new Link(connection, open, linksMade.incrementAndGet());
    @Nullable Link old;
    List<Request> again;
    lock.lock();
    try {
      if (end != null) {
        fresh.close();
        throw closedBecause(end);
      }
      if (fresh.number() < newestLink) {
        fresh.close();
        throw new IOException("the session has moved to a newer connection meanwhile");
      }
      newestLink = fresh.number();
      old = link;
      link = fresh;
      outage.connected(System.nanoTime());
      again = new ArrayList<>(outstanding.values());
      states.become(new SessionState.Connected(connection.path()));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    states.tell();
    for (Lane lane : Lane.values()) {
      Thread.ofVirtual().name("session-" + lane).start(() -> listen(fresh, lane));
    }
    if (old != null) {
      old.close();
    }
    for (Request request : again) {
      send(fresh, request);
    }
  }

  private void listen(Link current, Lane lane) {
    try {
      FrameReader reader = current.reader(lane);
      ByteBuffer wire = ByteBuffer.allocateDirect(Limits.STANDARD.content());
      ByteBuffer decoded = ByteBuffer.allocateDirect(lane == Lane.BULK ? wire.capacity() : 0);
      while (reader.next()) {
        FrameHeader header = reader.header();
        if (header.wireLength() > 0) {
          reader.content(wire);
        } else {
          wire.clear().limit(0);
        }
        if (header.type() == FrameType.FAILURE && header.requestId() == 0) {
          refused(current, new RemoteException(reader.control(Failure.parser())));
          return;
        }
        if (header.type() != FrameType.FAILURE && header.type() != FrameType.REPLY) {
          throw new ProtocolException("expected an answer and got " + header.type());
        }
        @Nullable Request request = find(header.requestId());
        if (request == null) {
          continue;
        }
        if (header.type() == FrameType.FAILURE) {
          RemoteException refusal = new RemoteException(reader.control(Failure.parser()));
          if (isPassing(refusal)) {
            lost(current, refusal);
            return;
          }
          finish(current, request, refusal);
          continue;
        }
        ByteBuffer content = wire;
        if (header.encoding() == Encoding.ZSTD) {
          if (decoded.capacity() < header.contentLength()) {
            decoded = ByteBuffer.allocateDirect(Limits.STANDARD.content());
          }
          decoded.clear().limit(header.contentLength());
          compression.decompress(wire, decoded);
          content = decoded.flip();
        }
        if (header.encoding() != Encoding.ZERO && !reader.verifies(content)) {
          mismatch(current, request);
          continue;
        }
        answer(current, request, header, reader.control(), content);
      }
      throw new EOFException("the peer ended the " + lane + " stream");
    } catch (IOException e) {
      lost(current, e);
    } catch (RuntimeException e) {
      LOG.error("a session's reader failed", e);
      close(new IOException("internal error: " + e, e));
    }
  }

  private void refused(Link current, RemoteException refusal) {
    if (isPassing(refusal)) {
      lost(current, refusal);
    } else {
      close(refusal);
    }
  }

  /** What was served before may be again: its process is just ending, or has just begun anew. */
  private boolean isPassing(RemoteException refusal) {
    return served && refusal.code() == Failure.Code.NO_SUCH_RESOURCE;
  }

  private @Nullable Request find(long id) {
    lock.lock();
    try {
      return outstanding.get(id);
    } finally {
      lock.unlock();
    }
  }

  private boolean take(Link from, Request request) {
    lock.lock();
    try {
      return link == from && outstanding.remove(request.id, request);
    } finally {
      lock.unlock();
    }
  }

  private boolean takeServed(Link from, Request request) {
    lock.lock();
    try {
      if (link != from) {
        return false;
      }
      served = true;
      outage.ended();
      return outstanding.remove(request.id, request);
    } finally {
      lock.unlock();
    }
  }

  private void answer(
      Link from, Request request, FrameHeader header, ByteBuffer control, ByteBuffer content) {
    if (takeServed(from, request)) {
      try {
        request.replied(header, control, content);
      } catch (IOException e) {
        request.failed(e);
      }
    }
  }

  private void finish(Link from, Request request, IOException cause) {
    if (take(from, request)) {
      request.failed(cause);
    }
  }

  private void mismatch(Link current, Request request) {
    if (++request.mismatches < MISMATCHES) {
      LOG.warn("checksum mismatch in the answer to {}, asking again", request.operation());
      send(current, request);
    } else {
      finish(
          current,
          request,
          new IOException("the answer was damaged " + MISMATCHES + " times: checksum mismatch"));
    }
  }

  private void lost(Link broken, IOException cause) {
    String reason = String.valueOf(cause.getMessage());
    lock.lock();
    try {
      if (link != broken || end != null) {
        return;
      }
      link = null;
      outage.began(System.nanoTime());
      states.become(new SessionState.Recovering(reason, 0));
    } finally {
      lock.unlock();
    }
    broken.close();
    LOG.debug("a session lost its connection", cause);
    states.tell();
    Thread.ofVirtual().name("session-recovery").start(() -> recover(reason));
  }

  private void recover(String cause) {
    while (awaitAttempt()) {
      IOException failure;
      try {
        moveTo(connector.connect());
        return;
      } catch (RemoteException e) {
        close(e);
        return;
      } catch (IOException e) {
        failure = e;
      }
      @Nullable Duration exceeded = null;
      lock.lock();
      try {
        if (outage.isTooLong(System.nanoTime())) {
          exceeded = outage.tolerated();
        } else if (link == null) {
          states.become(new SessionState.Recovering(cause, outage.attempts()));
        }
      } finally {
        lock.unlock();
      }
      if (exceeded != null) {
        close(
            new SessionClosedException(
                "no connection for "
                    + exceeded.toSeconds()
                    + " s, last attempt: "
                    + failure.getMessage()));
        return;
      }
      states.tell();
    }
  }

  /** Waits, unless the session gets a connection or closes; then it returns false. */
  private boolean awaitAttempt() {
    lock.lock();
    try {
      long nanos = outage.pause(System.nanoTime());
      while (nanos > 0 && end == null && link == null) {
        nanos = changed.awaitNanos(nanos);
      }
      outage.attempted();
      return end == null && link == null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the session; requests that are unanswered fail. The connection stays open. */
  @Override
  public void close() {
    close(new SessionClosedException("the session was closed"));
  }

  private void close(IOException cause) {
    List<Request> unanswered;
    @Nullable Link last;
    lock.lock();
    try {
      if (end != null) {
        return;
      }
      end = cause;
      unanswered = new ArrayList<>(outstanding.values());
      outstanding.clear();
      last = link;
      link = null;
      states.become(new SessionState.Closed(String.valueOf(cause.getMessage())));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (last != null) {
      last.close();
    }
    states.tell();
    for (Request request : unanswered) {
      request.failed(cause);
    }
  }

  private static IOException closedBecause(IOException end) {
    if (end instanceof RemoteException refused) {
      return (IOException) new RemoteException(refused.toFailure()).initCause(end);
    }
    return (IOException)
        new SessionClosedException(String.valueOf(end.getMessage())).initCause(end);
  }
}
