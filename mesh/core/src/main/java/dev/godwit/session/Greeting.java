package dev.godwit.session;

import com.google.protobuf.ByteString;
import dev.godwit.membership.Membership;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.StreamQueue;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.Limits;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.Hello;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The first exchange on a connection: both sides show their membership and agree on a version.
 * Until it has succeeded no other stream is served. Afterwards every stream is given to the
 * protocol that its first frame names.
 */
public final class Greeting {
  /** The version of the wire protocol that we speak. */
  public static final int VERSION = 1;

  /** What a peer opens its first stream for when it has dialled so that we greet it. */
  private static final String REVERSE = "godwit/reverse/1";

  /** One that greets, or has us greet, needs one. */
  private static final int STREAMS_OF_A_STRANGER = 2;

  /** What is read of somebody who may be anybody: room for the largest membership. */
  private static final Limits OF_A_STRANGER = new Limits(Membership.MAX_BYTES + 8 * 1024, 0);

  private final Admission admission;
  private final Map<String, Protocol> protocols;
  private final Duration limit;
  private final LiveConnections connections;
  private final RevocationExchange revocations;
  private final Doorstep doorstep;

  /**
   * @param admission who we are and who is welcome
   * @param protocols what peers may open streams for, by name
   * @param limit how long a greeting may take
   */
  public Greeting(Admission admission, Map<String, Protocol> protocols, Duration limit) {
    this(admission, protocols, limit, new LiveConnections());
  }

  /**
   * As the other one.
   *
   * @param connections hears of all that were greeted
   */
  public Greeting(
      Admission admission,
      Map<String, Protocol> protocols,
      Duration limit,
      LiveConnections connections) {
    this(admission, protocols, limit, connections, new Doorstep());
  }

  Greeting(
      Admission admission,
      Map<String, Protocol> protocols,
      Duration limit,
      LiveConnections connections,
      Doorstep doorstep) {
    this.doorstep = doorstep;
    this.connections = connections;
    this.admission = admission;
    this.revocations = new RevocationExchange(admission, limit);
    this.protocols = new HashMap<>(protocols);
    this.protocols.put(RevocationExchange.PROTOCOL, revocations);
    this.limit = limit;
  }

  /**
   * Greets the peer that we dialled, and serves its streams from then on.
   *
   * @return who it is
   * @throws RemoteException when either side does not welcome the other; the connection is closed
   * @throws IOException when the connection failed
   */
  public Peer greet(Connection connection) throws IOException {
    try {
      Greeted greeted =
          exchange(
              connection,
              peer -> {
                // Before the peer hears the end of our greeting: it may ask for our revocations at
                // once.
                connections.add(connection, peer);
                connection.serve(opened -> dispatch(peer, opened));
              });
      return judgedAgain(connection, greeted);
    } catch (IOException e) {
      connection.close(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  /** What came of a greeting. */
  private record Greeted(Peer peer, Hello hello) {}

  /** The newest list that either side has decides, whoever had it. */
  private Peer judgedAgain(Connection connection, Greeted greeted) throws RemoteException {
    try {
      return switch (revocations.catchUp(connection, greeted.hello())) {
        case LEARNED -> admission.admit(connection.peer(), greeted.hello());
        case AS_BEFORE -> greeted.peer();
      };
    } catch (RemoteException e) {
      connection.close(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private Greeted exchange(Connection connection, Consumer<Peer> admitted) throws IOException {
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      stream.timeout(limit);
      FrameWriter writer = new FrameWriter(stream);
      writer.write(hello(), admission.hello(), null);
      FrameReader reader = new FrameReader(stream, Limits.STANDARD);
      reader.expect(FrameType.HELLO);
      if (reader.header().type() == FrameType.FAILURE) {
        throw new RemoteException(reader.control(Failure.parser()));
      }
      Greeted greeted = admit(connection, reader);
      admitted.accept(greeted.peer());
      stream.finish();
      return greeted;
    }
  }

  /**
   * Offers a connection that we dialled to a peer that wanted to dial us and may not be able to: it
   * greets, and we answer (RFC 5128, section 3.2, connection reversal). Returns when that is done.
   *
   * @param token what the peer knows the connection by
   * @throws IOException when the peer does not want it; the connection is closed
   */
  public Peer offer(Connection connection, ByteString token) throws IOException {
    CompletableFuture<Peer> greeted = new CompletableFuture<>();
    serve(connection, Reversal.NONE, greeted);
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      stream.timeout(limit);
      new FrameWriter(stream)
          .write(
              new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
              StreamOpen.newBuilder().setProtocol(REVERSE).setSession(token).build(),
              null);
      endOffer(stream, greeted);
      return greeted.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      connection.close("not wanted");
      throw new IOException("the peer does not want this connection", e);
    } catch (InterruptedException e) {
      connection.close("not wanted");
      throw Interruption.passedOn("interrupted", e);
    } catch (IOException e) {
      connection.close(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  /** Once the greeting is done the peer, or we, may have let go of the stream already. */
  private static void endOffer(ByteStream stream, CompletableFuture<Peer> greeted)
      throws IOException {
    try {
      stream.finish();
    } catch (IOException e) {
      if (!greeted.isDone()) {
        throw e;
      }
    }
  }

  /** Takes connections that a peer dialled so that we greet it. */
  @FunctionalInterface
  public interface Reversal {
    /** For a node that asked nobody to dial it. */
    Reversal NONE = token -> Optional.empty();

    /**
     * Who waits for this connection; it gets the connection when the peer has been greeted.
     *
     * @param token what the peer showed
     */
    Optional<Consumer<Connection>> find(ByteString token);
  }

  /** As {@link #welcome(Connection, Reversal)}, for a node that asked nobody to dial it. */
  public CompletableFuture<Peer> welcome(Connection connection) {
    return welcome(connection, Reversal.NONE);
  }

  /**
   * Waits for the greeting of a peer that dialled us, and serves its streams from then on; or
   * greets it, if it dialled because we had asked for that. Returns at once.
   *
   * @param reversal who has asked for connections
   * @return completes with the peer, or exceptionally when it was not welcome or did not greet in
   *     time; the connection is then closed
   */
  public CompletableFuture<Peer> welcome(Connection connection, Reversal reversal) {
    CompletableFuture<Peer> greeted = new CompletableFuture<>();
    if (!doorstep.enter(connection, greeted)) {
      connection.close("not greeted: too many others have not been either; try again");
      return CompletableFuture.failedFuture(
          new IOException("too many connections that have not been greeted"));
    }
    serve(connection, reversal, greeted);
    return greeted;
  }

  private void serve(Connection connection, Reversal reversal, CompletableFuture<Peer> greeted) {
    AtomicInteger strangers = new AtomicInteger();
    connection.serve(
        stream -> {
          if (greeted.isDone() && !greeted.isCompletedExceptionally()) {
            dispatch(greeted.join(), stream);
          } else if (strangers.incrementAndGet() > STREAMS_OF_A_STRANGER) {
            stream.reset(StreamQueue.REFUSED);
          } else {
            answer(connection, stream, greeted, reversal);
          }
        });
    var _ =
        greeted
            .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete(
                (peer, failure) -> {
                  if (failure != null) {
                    connection.close("not greeted: " + failure.getMessage());
                  } else {
                    connections.add(connection, peer);
                  }
                });
  }

  private void answer(
      Connection connection, ByteStream stream, CompletableFuture<Peer> greeted, Reversal reversal)
      throws IOException {
    stream.timeout(limit);
    FrameWriter writer = new FrameWriter(stream);
    FrameReader reader = new FrameReader(stream, OF_A_STRANGER);
    try {
      if (!reader.next()) {
        throw new RemoteException(Failure.Code.NOT_A_MEMBER, "greet first");
      }
      if (reader.header().type() == FrameType.OPEN) {
        reverse(connection, reader.control(StreamOpen.parser()), greeted, reversal);
        return;
      }
      if (reader.header().type() != FrameType.HELLO) {
        throw new RemoteException(Failure.Code.NOT_A_MEMBER, "greet first");
      }
      Greeted said = admit(connection, reader);
      // Known before the peer hears of it: its next stream may be on its way at once.
      greeted.complete(said.peer());
      writer.write(hello(), admission.hello(), null);
      try {
        stream.finish();
        drain(stream);
      } finally {
        // Also when the peer has let go of the stream first. Whom a list that is learned here
        // concerns, this peer included, is cut by those who watch.
        var _ = revocations.catchUp(connection, said.hello());
      }
    } catch (RemoteException e) {
      try {
        writer.write(failure(), e.toFailure(), null);
        stream.finish();
        drain(stream);
      } finally {
        // Also when the peer has left meanwhile, as it does once it knows that it is refused.
        greeted.completeExceptionally(e);
      }
    } catch (ProtocolException e) {
      greeted.completeExceptionally(e);
      throw e;
    }
  }

  private void reverse(
      Connection connection, StreamOpen open, CompletableFuture<Peer> greeted, Reversal reversal)
      throws IOException {
    Optional<Consumer<Connection>> waiting =
        open.getProtocol().equals(REVERSE) ? reversal.find(open.getSession()) : Optional.empty();
    if (waiting.isEmpty()) {
      throw new RemoteException(Failure.Code.NOT_A_MEMBER, "greet first");
    }
    try {
      Peer _ = judgedAgain(connection, exchange(connection, greeted::complete));
    } catch (RemoteException e) {
      throw e;
    } catch (IOException e) {
      // Nobody is there any more to be told; and nobody shall wait for it.
      greeted.completeExceptionally(e);
      throw e;
    }
    waiting.get().accept(connection);
  }

  /** Waits until the peer has taken our last words, so that closing does not cut them off. */
  static void drain(ByteStream stream) throws IOException {
    var rest = ByteBuffer.allocate(64);
    while (stream.read(rest) >= 0) {
      rest.clear();
    }
  }

  private Greeted admit(Connection connection, FrameReader reader) throws IOException {
    Hello hello = reader.control(Hello.parser());
    if (hello.getVersionMin() > VERSION || hello.getVersionMax() < VERSION) {
      throw new RemoteException(
          Failure.Code.NO_COMMON_VERSION,
          "the peer speaks versions "
              + hello.getVersionMin()
              + " to "
              + hello.getVersionMax()
              + " of the protocol, this node speaks "
              + VERSION);
    }
    return new Greeted(admission.admit(connection.peer(), hello), hello);
  }

  private void dispatch(Peer peer, ByteStream stream) throws IOException {
    FrameReader reader = new FrameReader(stream, Limits.STANDARD);
    if (!reader.next()) {
      return;
    }
    try {
      if (reader.header().type() != FrameType.OPEN) {
        throw new RemoteException(Failure.Code.MALFORMED, "expected OPEN first");
      }
      StreamOpen open = reader.control(StreamOpen.parser());
      @Nullable Protocol protocol = protocols.get(open.getProtocol());
      if (protocol == null) {
        throw new RemoteException(
            Failure.Code.UNKNOWN_OPERATION, "unknown protocol " + open.getProtocol());
      }
      protocol.serve(peer, open, stream, reader);
    } catch (RemoteException e) {
      new FrameWriter(stream).write(failure(), e.toFailure(), null);
      stream.finish();
      drain(stream);
    }
  }

  private static FrameHeader hello() {
    return new FrameHeader().set(FrameType.HELLO, (byte) 0, 0);
  }

  private static FrameHeader failure() {
    return new FrameHeader().set(FrameType.FAILURE, (byte) 0, 0);
  }
}
