package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.path.Candidate;
import dev.godwit.path.CheckToken;
import dev.godwit.path.Checks;
import dev.godwit.session.Greeting;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.proto.ConnectRequest;
import dev.godwit.tls.TlsTransport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes wherever a member waits that wants to connect: checks its addresses, dials it back, takes
 * part in a relayed connection. What one member can have this node do at a time is bounded. All of
 * it ends by itself. Thread-safe.
 */
final class Meetings {
  private static final Logger LOG = LoggerFactory.getLogger(Meetings.class);

  /** How long to check the candidates of a node that wants to connect; it has to dial in this. */
  private static final Duration CHECKS = Duration.ofSeconds(10);

  /** How long to wait at the relay. */
  private static final Duration CIRCUIT = Duration.ofSeconds(15);

  private static final Duration DIAL_BACK = Duration.ofSeconds(4);

  /** Of one member at a time, each for as long as its checks. */
  static final int MOST = 32;

  /** Relayed connections of one member, half of what a hub grants a node unless told otherwise. */
  static final int MOST_RELAYED = 8;

  private final Transports transports;
  private final Greeting greeting;
  private final PeerAddresses addresses;
  private final MemberQuota underWay = new MemberQuota(MOST);
  private final MemberQuota relayed = new MemberQuota(MOST_RELAYED);

  Meetings(Transports transports, Greeting greeting, PeerAddresses addresses) {
    this.transports = transports;
    this.greeting = greeting;
    this.addresses = addresses;
  }

  /** Begins what the request asks for; a member that has too much under way has to do without. */
  void begin(NodeId from, ConnectRequest request) {
    if (!underWay.begin(from)) {
      LOG.debug("{} has {} meetings under way", from.shortForm(), MOST);
      return;
    }
    var _ =
        new CompletableFuture<Boolean>()
            .completeOnTimeout(true, CHECKS.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete((_, _) -> underWay.end(from));
    check(request);
    relay(from, request);
    dialBack(from, request);
  }

  private void check(ConnectRequest request) {
    List<Candidate> named =
        addresses.candidates(CandidateMessages.parse(request.getCandidatesList()));
    if (!named.isEmpty()) {
      // The peer dials as soon as one of its checks is answered.
      transports
          .quic()
          .ifPresent(
              quic -> {
                var _ =
                    quic.check(
                        new CheckToken(Octets.of(request.getCheck().toByteArray())), named, CHECKS);
              });
    }
  }

  private void relay(NodeId from, ConnectRequest request) {
    if (request.getCircuit().size() != CircuitId.BYTES || !relayed.begin(from)) {
      return;
    }
    CircuitId circuit = new CircuitId(Octets.of(request.getCircuit().toByteArray()));
    Thread.ofVirtual()
        .name("accept-relayed")
        .start(
            () -> {
              var _ =
                  transports
                      .relay()
                      .accept(circuit, CIRCUIT)
                      .whenComplete((_, _) -> relayed.end(from));
            });
  }

  private void dialBack(NodeId from, ConnectRequest request) {
    List<String> tcp =
        addresses.tcp(
            request
                .getTcpList()
                .subList(0, Math.min(request.getTcpCount(), Checks.MAX_CANDIDATES)));
    if (!tcp.isEmpty()) {
      Thread.ofVirtual().name("dial-back").start(() -> dialBack(from, tcp, request.getCheck()));
    }
  }

  /** The peer's connections are let in from now on, and it is dialled in case that it lets us. */
  private void dialBack(NodeId peer, List<String> tcp, ByteString token) {
    try (TlsTransport.Opening _ = transports.tls().open(tcp)) {
      var _ =
          greeting.offer(
              transports
                  .tls()
                  .meet(peer, tcp, TlsTransport.Ports.FRESH, address -> true, DIAL_BACK),
              token);
    } catch (IOException e) {
      LOG.debug("{} cannot be dialled back over TCP, or has no need", peer.shortForm(), e);
    }
  }
}
