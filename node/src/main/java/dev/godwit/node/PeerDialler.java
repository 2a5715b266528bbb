package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.path.Candidate;
import dev.godwit.path.CheckToken;
import dev.godwit.path.Checks;
import dev.godwit.path.PathPolicy;
import dev.godwit.path.Way;
import dev.godwit.quic.QuicTransport;
import dev.godwit.session.Greeting;
import dev.godwit.session.RemoteException;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.proto.ConnectReply;
import dev.godwit.signaling.proto.ConnectRequest;
import dev.godwit.signaling.proto.Signal;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Interruption;
import dev.godwit.tls.TlsTransport;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Goes every way to a peer: agrees with it through the hub on where both are, dials, and greets.
 * Thread-safe.
 */
final class PeerDialler {
  private static final Duration ASK = Duration.ofSeconds(5);

  /** For the relay, whose other end may have to wake up. */
  private static final Duration DIAL = Duration.ofSeconds(10);

  /** For the ways that either work soon or not at all. */
  private static final Duration DIAL_STRAIGHT = Duration.ofSeconds(5);

  /** WebRTC costs a process on both sides; where QUIC or TLS work they do so sooner. */
  private static final Duration WEBRTC_HEAD_START = Duration.ofSeconds(1);

  private final Transports transports;
  private final Greeting greeting;
  private final Reversals reversals;
  private final OwnCandidates candidates;
  private final PeerAddresses addresses;
  private final Signaling signaling;
  private final ByteString membership;
  private final SecureRandom random;

  /**
   * Dials with what a node has.
   *
   * @param reversals where connections arrive that the peer dialled so that this node greets it
   * @param addresses which of the peer's are tried
   * @param membership what the peer is shown
   */
  PeerDialler(
      Transports transports,
      Greeting greeting,
      Reversals reversals,
      OwnCandidates candidates,
      PeerAddresses addresses,
      Signaling signaling,
      ByteString membership,
      SecureRandom random) {
    this.transports = transports;
    this.greeting = greeting;
    this.reversals = reversals;
    this.candidates = candidates;
    this.addresses = addresses;
    this.signaling = signaling;
    this.membership = membership;
    this.random = random;
  }

  /**
   * Starts every way to a process.
   *
   * @param resource what it is about, or empty
   */
  void begin(PathRace race, PresentInstance process, String resource, PathPolicy allowed) {
    NodeId node = process.node();
    CheckToken token = CheckToken.random(random);
    CircuitId circuit = CircuitId.random(random);
    ConnectRequest.Builder request =
        ConnectRequest.newBuilder()
            .setResource(resource)
            .setMembership(membership)
            .setCheck(Reversals.text(token));
    if (allowed.permits(Way.QUIC)) {
      request.addAllCandidates(CandidateMessages.of(candidates.list()));
    }
    if (allowed.permits(Way.TLS)) {
      request.addAllTcp(candidates.tcp());
    }
    if (allowed.permits(Way.RELAY)) {
      request.setCircuit(ByteString.copyFrom(circuit.value().toByteArray()));
    }
    CompletableFuture<Rendezvous> agreed =
        signaling
            .ask(process, Signal.newBuilder().setConnectRequest(request).build(), ASK)
            .thenApply(answer -> agreed(answer.signal().getConnectReply()));
    if (allowed.permits(Way.RELAY)) {
      race.run(Way.RELAY, () -> greeted(transports.relay().dial(node, circuit, DIAL)));
    }
    if (allowed.permits(Way.QUIC)) {
      race.run(Way.QUIC, () -> quic(node, token, agreed));
    }
    if (allowed.permits(Way.TLS)) {
      race.run(Way.TLS, () -> tls(node, token, agreed));
    }
    if (allowed.permits(Way.WEBRTC)) {
      boolean alone = allowed.ways().size() == 1;
      race.run(
          Way.WEBRTC,
          alone ? Duration.ZERO : WEBRTC_HEAD_START,
          () ->
              greeted(
                  transports
                      .webrtc()
                      .dial(node, List.of(WebRtcMail.address(process.instance())), DIAL)));
    }
  }

  private Rendezvous agreed(ConnectReply reply) {
    if (!reply.getFailure().isEmpty()) {
      throw new CompletionException(
          new RemoteException(Failure.Code.NOT_A_MEMBER, reply.getFailure()));
    }
    return new Rendezvous(
        addresses.candidates(CandidateMessages.parse(reply.getCandidatesList())),
        addresses.tcp(
            reply.getTcpList().subList(0, Math.min(reply.getTcpCount(), Checks.MAX_CANDIDATES))));
  }

  private static Rendezvous await(CompletableFuture<Rendezvous> agreed, NodeId peer)
      throws IOException {
    try {
      return Answers.await(agreed, peer.shortForm());
    } catch (NodeException e) {
      for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof RemoteException refused) {
          throw refused;
        }
      }
      throw e;
    }
  }

  private Connection quic(NodeId peer, CheckToken token, CompletableFuture<Rendezvous> agreed)
      throws IOException {
    List<Candidate> remote = await(agreed, peer).candidates();
    QuicTransport quic = quic();
    try (Checks checks = quic.check(token, remote, DIAL_STRAIGHT)) {
      return greeted(quic.dial(peer, checks, DIAL_STRAIGHT));
    }
  }

  /** Both sides dial, and let each other in; whichever gets through is greeted by this one. */
  private Connection tls(NodeId peer, CheckToken token, CompletableFuture<Rendezvous> agreed)
      throws IOException {
    CompletableFuture<Connection> first = new CompletableFuture<>();
    AtomicReference<IOException> failure =
        new AtomicReference<>(
            new IOException(peer.shortForm() + " and this node do not reach each other over TCP"));
    reversals.await(token, connection -> offer(first, connection));
    try {
      Rendezvous there = await(agreed, peer);
      Set<InetAddress> own = there.machine();
      Thread.ofVirtual()
          .name("dial-tcp")
          .start(
              () -> {
                try {
                  Connection connection =
                      transports
                          .tls()
                          .meet(
                              peer,
                              there.tcp(),
                              TlsTransport.Ports.FRESH_AND_LISTENING,
                              own::contains,
                              DIAL_STRAIGHT);
                  greeting.greet(connection);
                  offer(first, connection);
                } catch (IOException e) {
                  failure.set(e);
                }
              });
      return first.get(DIAL_STRAIGHT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      boolean _ = first.cancel(false);
      IOException why = failure.get();
      why.addSuppressed(e);
      throw why;
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      boolean _ = first.cancel(false);
      throw Interruption.passedOn("interrupted", e);
    } finally {
      reversals.forget(token);
    }
  }

  private static void offer(CompletableFuture<Connection> first, Connection connection) {
    if (!first.complete(connection)) {
      connection.close("another path was faster");
    }
  }

  /**
   * Dials addresses over QUIC and greets who is there, without the peer's help.
   *
   * @throws IOException when that does not lead to the peer
   */
  Connection dial(NodeId peer, List<String> addresses, Duration patience) throws IOException {
    return greeted(quic().dial(peer, addresses, patience));
  }

  private QuicTransport quic() throws IOException {
    return transports.quic().orElseThrow(() -> new IOException("there is no QUIC on this machine"));
  }

  private Connection greeted(Connection connection) throws IOException {
    greeting.greet(connection);
    return connection;
  }
}
