package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.path.CheckToken;
import dev.godwit.seal.InstanceId;
import dev.godwit.session.Greeting;
import dev.godwit.session.MeshAdmission;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.proto.ConnectRequest;
import dev.godwit.testing.Patience;
import dev.godwit.tls.RelayAccess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MeetingsTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final Duration PATIENCE = Patience.seconds(20);

  /** Longer than it takes to dial on one machine; what does not come in it is taken not to come. */
  private static final Duration QUIET = Duration.ofSeconds(1);

  private final SecureRandom random = new SecureRandom();
  private final InstantSource clock = InstantSource.system();
  private final Identity alice = Identity.generate(random);
  private final NodeId bob = Identity.generate(random).id();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final AtomicInteger relayed = new AtomicInteger();
  private final BlockingQueue<Thread> atTheRelay = new LinkedBlockingQueue<>();
  private final Semaphore leaving = new Semaphore(0);
  private Transports transports;

  @BeforeEach
  void start() throws Exception {
    transports =
        Transports.open(
            alice,
            InstanceId.random(random),
            NodeSettings.standard().withListen(new InetSocketAddress(HERE, 0)),
            this::relay,
            (peer, address, message) -> {},
            List::of,
            clock,
            random);
    open.push(transports);
  }

  @AfterEach
  void end() throws Exception {
    leaving.release(1000);
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  /** Whoever wants to go to the relay is kept until it may leave, and is refused then. */
  private RelayAccess relay() throws IOException {
    relayed.incrementAndGet();
    atTheRelay.add(Thread.currentThread());
    leaving.acquireUninterruptibly();
    throw new IOException("there is no relay here");
  }

  private Meetings meetings(PeerAddresses.Loopback loopback) {
    MeshKey mesh = MeshKey.generate(random);
    Membership own =
        Membership.issue(mesh, alice.id(), "alice", List.of(), clock, Duration.ofHours(1), random);
    MeshAdmission admission =
        new MeshAdmission(own, Revocations.none(mesh.id()), newer -> {}, clock, "test");
    return new Meetings(
        transports, new Greeting(admission, Map.of(), PATIENCE), new PeerAddresses(loopback));
  }

  private ConnectRequest.Builder request() {
    byte[] token = new byte[CheckToken.BYTES];
    random.nextBytes(token);
    return ConnectRequest.newBuilder().setCheck(ByteString.copyFrom(token));
  }

  private ConnectRequest to(ServerSocket server, int times) {
    return request()
        .addAllTcp(Collections.nCopies(times, "127.0.0.1:" + server.getLocalPort()))
        .build();
  }

  private ConnectRequest relayedRequest() {
    byte[] circuit = new byte[CircuitId.BYTES];
    random.nextBytes(circuit);
    return request().setCircuit(ByteString.copyFrom(circuit)).build();
  }

  private ServerSocket server() throws IOException {
    ServerSocket server = new ServerSocket(0, 50, HERE);
    open.push(server);
    return server;
  }

  private static void assertIsDialled(ServerSocket server) throws IOException {
    server.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
    try (Socket dialled = server.accept()) {
      assertEquals(HERE, dialled.getInetAddress());
    }
  }

  private static void assertIsLeftAlone(ServerSocket server) throws IOException {
    server.setSoTimeout(Math.toIntExact(QUIET.toMillis()));
    assertThrows(SocketTimeoutException.class, server::accept);
  }

  @Test
  void aMemberIsDialledBack() throws Exception {
    ServerSocket server = server();
    meetings(PeerAddresses.Loopback.USED).begin(bob, to(server, 1));
    assertIsDialled(server);
  }

  @Test
  void whatListensHereForThisMachineAloneIsNotDialledForAMember() throws Exception {
    ServerSocket server = server();
    meetings(PeerAddresses.Loopback.LEFT_ALONE).begin(bob, to(server, 40));
    assertIsLeftAlone(server);
  }

  @Test
  void aMemberHasSoManyMeetingsUnderWayAndNoMore() throws Exception {
    Meetings meetings = meetings(PeerAddresses.Loopback.USED);
    for (int i = 0; i < Meetings.MOST; i++) {
      ServerSocket server = server();
      meetings.begin(bob, to(server, 1));
      if (i == Meetings.MOST - 1) {
        assertIsDialled(server);
      }
    }
    ServerSocket tooMuch = server();
    meetings.begin(bob, to(tooMuch, 1));
    assertIsLeftAlone(tooMuch);
    ServerSocket ofAnother = server();
    meetings.begin(Identity.generate(random).id(), to(ofAnother, 1));
    assertIsDialled(ofAnother);
  }

  @Test
  void aMemberHasSoManyCircuitsAndOneMoreWhenOneEnds() throws Exception {
    Meetings meetings = meetings(PeerAddresses.Loopback.LEFT_ALONE);
    for (int i = 0; i <= Meetings.MOST_RELAYED; i++) {
      meetings.begin(bob, relayedRequest());
    }
    Deque<Thread> waiting = new ArrayDeque<>();
    for (int i = 0; i < Meetings.MOST_RELAYED; i++) {
      waiting.add(arrived());
    }
    assertEquals(Meetings.MOST_RELAYED, relayed.get());
    leaving.release();
    Patience.until("one has ended", () -> waiting.stream().anyMatch(one -> !one.isAlive()));
    meetings.begin(bob, relayedRequest());
    meetings.begin(bob, relayedRequest());
    Thread _ = arrived();
    @Nullable Thread more = atTheRelay.poll(QUIET.toMillis(), TimeUnit.MILLISECONDS);
    assertEquals(null, more);
  }

  private Thread arrived() throws InterruptedException {
    @Nullable Thread one = atTheRelay.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    if (one == null) {
      throw new AssertionError("nobody comes to the relay");
    }
    return one;
  }
}
