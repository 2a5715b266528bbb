package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.RelayLimits;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.RelayHello;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The relay of a real hub, and plain WebSockets on it. */
@Timeout(120)
class RelayTest {
  private static final int MALFORMED = 4000;
  private static final int BAD_PASS = 4001;
  private static final int TOO_MANY_CIRCUITS = 4002;
  private static final int NOBODY_CAME = 4004;
  private static final int BYTES_USED_UP = 4005;
  private static final int TIME_USED_UP = 4006;
  private static final int OTHER_LEFT = 4007;
  private static final int TAKEN = 4008;

  private static final int LARGEST_FRAME = 64 * 1024;
  private static final String NO_HELLO = "The first frame of a relayed node is a hello.";
  private static final String LEFT = "The other node closed the circuit.";
  private static final RelayLimits LIMITS = RelayLimits.defaults();

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private Hub hub(RelayLimits relay) throws Exception {
    return fixture.hub(fixture.config().withRelay(Optional.of(relay)));
  }

  private Hub hub() throws Exception {
    return hub(LIMITS);
  }

  private static RelayPass pass(HubClient client) {
    return client.state() instanceof HubState.Online(var welcome)
        ? welcome.relay().orElseThrow().pass()
        : RelayPass.random(new SecureRandom());
  }

  private RelayPass login(Hub hub) throws Exception {
    return pass(fixture.client(hub));
  }

  private RelayPeer peer(Hub hub) throws Exception {
    return fixture.closing(new RelayPeer(Fixture.addressOf(hub)));
  }

  private RelayPeer peer(Hub hub, RelayPass pass, CircuitId circuit) throws Exception {
    return peer(hub).enter(pass, circuit);
  }

  private CircuitId circuit() {
    return CircuitId.random(fixture.random);
  }

  /** Two nodes in one circuit. */
  private RelayPeer[] spliced(Hub hub, RelayPass one, RelayPass other) throws Exception {
    CircuitId circuit = circuit();
    RelayPeer[] both = {peer(hub, one, circuit), peer(hub, other, circuit)};
    both[0].granted();
    both[1].granted();
    return both;
  }

  private RelayPeer[] spliced(Hub hub) throws Exception {
    return spliced(hub, login(hub), login(hub));
  }

  private static byte[] random(Random random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private long connections(Hub hub) throws Exception {
    try (HttpClient http = RawClient.http(hub.fingerprint())) {
      String health =
          http.send(
                  HttpRequest.newBuilder(
                          URI.create("https://" + Fixture.addressOf(hub).hostAndPort() + "/health"))
                      .timeout(Fixture.PATIENCE)
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      Matcher matcher = Pattern.compile("\"connections\":(\\d+),").matcher(health);
      assertTrue(matcher.find(), health);
      // The one that asks is one of them.
      return Long.parseLong(matcher.group(1)) - 1;
    }
  }

  /** Asks again until there are that many; the test's time limit ends it otherwise. */
  private void awaitConnections(Hub hub, long wanted) throws Exception {
    Fixture.until(() -> connections(hub) == wanted);
  }

  // ---- what passes -----------------------------------------------------------------------------

  @Test
  void bytesOfEverySizePassBothWaysUndamaged() throws Exception {
    RelayPeer[] ends = spliced(hub());
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int size :
        new int[] {1, 2, 125, 126, 127, 1000, 16_383, 16_384, 16_385, 65_535, LARGEST_FRAME}) {
      for (int from = 0; from < 2; from++) {
        byte[] bytes = random(random, size);
        ends[from].send(bytes);
        assertArrayEquals(
            bytes, ends[1 - from].read(size), () -> "seed " + seed + ", " + size + " bytes");
      }
    }
  }

  @Test
  void fragmentsAndEmptyFramesPass() throws Exception {
    RelayPeer[] ends = spliced(hub());
    byte[] bytes = random(new Random(1), 60_000);
    ends[0].sendFragment(Arrays.copyOfRange(bytes, 0, 1));
    ends[0].sendFragment(new byte[0]);
    ends[0].sendFragment(Arrays.copyOfRange(bytes, 1, 30_000));
    ends[0].send(Arrays.copyOfRange(bytes, 30_000, 60_000));
    ends[0].send(new byte[0]);
    ends[0].send(new byte[] {42});
    assertArrayEquals(bytes, ends[1].read(bytes.length));
    assertArrayEquals(new byte[] {42}, ends[1].read(1));
  }

  @Test
  void pingsAndTextAreNobodysBytes() throws Exception {
    RelayPeer[] ends = spliced(hub());
    ends[0].ping();
    ends[0].sendText("not for the other");
    ends[0].send(new byte[] {7});
    assertArrayEquals(new byte[] {7}, ends[1].read(1));
    assertEquals(1, ends[1].receivedBytes());
  }

  @Test
  void bothAreToldTheTerms() throws Exception {
    RelayLimits limits = new RelayLimits(1 << 20, 1 << 30, Duration.ofHours(1), 5);
    Hub hub = hub(limits);
    CircuitId circuit = circuit();
    RelayPeer first = peer(hub, login(hub), circuit);
    RelayPeer second = peer(hub, login(hub), circuit);
    assertEquals(limits, RelayLimits.of(first.granted().getTerms()));
    assertEquals(limits, RelayLimits.of(second.granted().getTerms()));
  }

  @Test
  void whatComesWithTheHelloArrivesBehindTheGrant() throws Exception {
    Hub hub = hub();
    RelayPass one = login(hub);
    RelayPass other = login(hub);
    for (int round = 0; round < 60; round++) {
      CircuitId circuit = circuit();
      RelayPeer first = peer(hub);
      RelayPeer second = peer(hub);
      byte[] early = {1, 2, (byte) round};
      byte[] late = {3, 4, (byte) round};
      CompletableFuture<?> hello = first.sending(RelayPeer.hello(one, circuit), true);
      Fixture.get(hello);
      first.send(early);
      second.enter(other, circuit);
      second.send(late);
      assertEquals(LIMITS, RelayLimits.of(first.granted().getTerms()));
      assertEquals(LIMITS, RelayLimits.of(second.granted().getTerms()));
      assertArrayEquals(early, second.read(3));
      assertArrayEquals(late, first.read(3));
      first.close();
      second.close();
    }
  }

  @Test
  void circuitsDoNotHearEachOther() throws Exception {
    Hub hub = hub();
    RelayPass one = login(hub);
    RelayPass other = login(hub);
    List<RelayPeer[]> circuits = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      circuits.add(spliced(hub, one, other));
    }
    for (int i = 0; i < 8; i++) {
      circuits.get(i)[0].send(new byte[] {(byte) i, 100});
    }
    for (int i = 0; i < 8; i++) {
      assertArrayEquals(new byte[] {(byte) i, 100}, circuits.get(i)[1].read(2));
      assertEquals(2, circuits.get(i)[1].receivedBytes());
    }
    assertEquals(8, hub.circuits());
  }

  /** One side of the random test: sends everything, in pieces of every size. */
  private static void sendAll(RelayPeer from, byte[] all, Random random) throws Exception {
    int sent = 0;
    while (sent < all.length) {
      int size =
          Math.min(all.length - sent, random.nextInt(random.nextInt(20) == 0 ? 60_000 : 3000));
      byte[] piece = Arrays.copyOfRange(all, sent, sent + size);
      if (random.nextInt(4) == 0) {
        from.sendFragment(piece);
      } else {
        from.send(piece);
      }
      sent += size;
      if (random.nextInt(50) == 0) {
        from.ping();
      }
    }
    from.send(new byte[0]);
  }

  @Test
  void randomTrafficPassesUndamagedWhateverTheReadersDo() throws Exception {
    Hub hub = hub();
    RelayPass one = login(hub);
    RelayPass other = login(hub);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 12; round++) {
      RelayPeer[] ends = spliced(hub, one, other);
      byte[][] all = {
        random(random, random.nextInt(3 << 20)), random(random, random.nextInt(1 << 20))
      };
      List<CompletableFuture<Void>> senders = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        RelayPeer from = ends[i];
        byte[] bytes = all[i];
        Random choices = new Random(random.nextLong());
        senders.add(
            CompletableFuture.runAsync(
                () -> {
                  try {
                    sendAll(from, bytes, choices);
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                },
                Thread::startVirtualThread));
      }
      if (random.nextBoolean()) {
        ends[1].stopReading();
        Fixture.get(senders.get(1));
        ends[1].goOnReading();
      }
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(all[i], ends[1 - i].read(all[i].length), "seed " + seed);
        Fixture.get(senders.get(i));
      }
      ends[random.nextInt(2)].leave();
      assertEquals(
          OTHER_LEFT, Math.max(ends[0].end().code(), ends[1].end().code()), "seed " + seed);
    }
  }

  // ---- who is not let in -----------------------------------------------------------------------

  @Test
  void aHubWithoutARelayHasNoSuchPlace() throws Exception {
    Hub hub = fixture.hub(fixture.config().withRelay(Optional.empty()));
    HubClient client = fixture.client(hub);
    assertTrue(client.state() instanceof HubState.Online(var welcome) && welcome.relay().isEmpty());
    assertThrows(ExecutionException.class, () -> peer(hub));
  }

  @Test
  void aPassThatNobodyWasGivenIsRefused() throws Exception {
    Hub hub = hub();
    peer(hub, RelayPass.random(fixture.random), circuit())
        .assertEnded(BAD_PASS, "Who wants to be relayed is logged in at this hub.");
    assertEquals(0, hub.circuits());
  }

  @Test
  void aPassEndsWithItsLogin() throws Exception {
    Hub hub = hub();
    HubClient client = fixture.client(hub);
    HubClient witness = fixture.client(hub);
    RelayPass pass = pass(client);
    client.close();
    Fixture.until(() -> Fixture.get(witness.whoIsThere()).size() == 1);
    assertEquals(BAD_PASS, peer(hub, pass, circuit()).end().code());
  }

  @Test
  void whatIsNoHelloIsRefused() throws Exception {
    Hub hub = hub();
    RelayPass pass = login(hub);
    byte[] shortCircuit =
        RelayHello.newBuilder()
            .setPass(ByteString.copyFrom(pass.value().toByteArray()))
            .setCircuit(ByteString.copyFrom(new byte[15]))
            .build()
            .toByteArray();
    byte[] shortPass =
        RelayHello.newBuilder()
            .setPass(ByteString.copyFrom(new byte[31]))
            .setCircuit(ByteString.copyFrom(new byte[16]))
            .build()
            .toByteArray();
    for (byte[] hello :
        List.of(new byte[0], new byte[] {-1, -1, -1}, shortCircuit, shortPass, new byte[60_000])) {
      RelayPeer peer = peer(hub);
      peer.send(hello);
      peer.assertEnded(MALFORMED, NO_HELLO);
    }
    assertEquals(0, hub.circuits());
  }

  @Test
  void noHelloInTimeIsRefused() throws Exception {
    Hub hub =
        fixture.hub(
            fixture
                .config()
                .withLimits(
                    HubLimits.defaults()
                        .withTimes(Duration.ofMillis(500), Duration.ofSeconds(60))));
    peer(hub).assertEnded(MALFORMED, "No hello came in time.");
  }

  @Test
  void aFrameThatIsTooLargeEndsTheCircuit() throws Exception {
    RelayPeer[] ends = spliced(hub());
    CompletableFuture<?> sending = ends[0].sending(new byte[100_000], true);
    ends[1].assertEnded(MALFORMED, "This is not a WebSocket frame.");
    ends[0].assertEnded(MALFORMED, "This is not a WebSocket frame.");
    boolean _ = sending.cancel(true);
  }

  @Test
  void aThirdOnACircuitIsRefusedAndTheOthersGoOn() throws Exception {
    Hub hub = hub();
    RelayPass pass = login(hub);
    CircuitId circuit = circuit();
    RelayPeer first = peer(hub, pass, circuit);
    RelayPeer second = peer(hub, login(hub), circuit);
    first.granted();
    second.granted();
    peer(hub, pass, circuit).assertEnded(TAKEN, "Both places of this circuit are taken.");
    first.send(new byte[] {5});
    assertArrayEquals(new byte[] {5}, second.read(1));
    assertEquals(1, hub.circuits());
  }

  @Test
  void aNodeHasSoManyCircuitsAndNoMore() throws Exception {
    Hub hub = hub(new RelayLimits(0, 0, Duration.ZERO, 2));
    Identity alice = fixture.identity();
    RelayPass pass = pass(fixture.client(hub, alice));
    RelayPass samePerson = pass(fixture.client(hub, alice));
    RelayPass bob = login(hub);
    RelayPeer[] one = spliced(hub, pass, bob);
    RelayPeer[] two = spliced(hub, samePerson, bob);
    String why = "A node has at most 2 relayed connections.";
    peer(hub, pass, circuit()).assertEnded(TOO_MANY_CIRCUITS, why);
    peer(hub, samePerson, circuit()).assertEnded(TOO_MANY_CIRCUITS, why);
    one[0].leave();
    one[1].end();
    Fixture.until(() -> hub.circuits() == 1);
    spliced(hub, pass, login(hub))[0].send(new byte[] {1});
    assertFalse(two[0].isOver());
  }

  @Test
  void tooManyConnectionsOfOneAddressAreRefused() throws Exception {
    Hub hub =
        fixture.hub(fixture.config().withLimits(HubLimits.defaults().withConnectionsPerAddress(3)));
    RelayPass pass = login(hub);
    CircuitId circuit = circuit();
    RelayPeer first = peer(hub, pass, circuit);
    RelayPeer second = peer(hub, pass, circuit);
    first.granted();
    second.granted();
    peer(hub).assertEnded(TOO_MANY_CIRCUITS, "There are too many connections of this address.");
  }

  // ---- how circuits end ------------------------------------------------------------------------

  @Test
  void whenNobodyComesTheFirstIsSentAway() throws Exception {
    Hub hub =
        fixture.hub(
            fixture.config().withLimits(HubLimits.defaults().withPartner(Duration.ofMillis(300))));
    peer(hub, login(hub), circuit()).assertEnded(NOBODY_CAME, "The other did not come.");
    assertEquals(0, hub.circuits());
  }

  @Test
  void whoComesAfterTheFirstWasSentAwayIsTheFirstOne() throws Exception {
    Hub hub =
        fixture.hub(
            fixture.config().withLimits(HubLimits.defaults().withPartner(Duration.ofMillis(300))));
    RelayPass pass = login(hub);
    CircuitId circuit = circuit();
    assertEquals(NOBODY_CAME, peer(hub, pass, circuit).end().code());
    assertEquals(NOBODY_CAME, peer(hub, pass, circuit).end().code());
    RelayPeer first = peer(hub, pass, circuit);
    RelayPeer second = peer(hub, pass, circuit);
    first.granted();
    second.granted();
  }

  @Test
  void afterSoManyBytesTheCircuitEnds() throws Exception {
    Hub hub = hub(new RelayLimits(0, 100_000, Duration.ZERO, 16));
    RelayPeer[] ends = spliced(hub);
    ends[0].send(new byte[50_000]);
    ends[1].read(50_000);
    ends[1].send(new byte[50_000]);
    ends[0].read(50_000);
    assertFalse(ends[0].isOver());
    ends[0].send(new byte[1]);
    String why = "The relay carries 100000 bytes at a time.";
    ends[0].assertEnded(BYTES_USED_UP, why);
    ends[1].assertEnded(BYTES_USED_UP, why);
  }

  @Test
  void whoSendsOnWhileItsBytesAreUsedUpStillReadsWhy() throws Exception {
    Hub hub = hub(new RelayLimits(0, 100_000, Duration.ZERO, 16));
    RelayPass one = login(hub);
    RelayPass other = login(hub);
    for (int round = 0; round < 20; round++) {
      RelayPeer[] ends = spliced(hub, one, other);
      for (int i = 0; i < 100; i++) {
        var _ = ends[0].sending(new byte[20_000], true);
      }
      assertEquals(BYTES_USED_UP, ends[0].end().code());
      assertEquals(BYTES_USED_UP, ends[1].end().code());
    }
  }

  @Test
  void afterSomeTimeTheCircuitEnds() throws Exception {
    Hub hub = hub(new RelayLimits(0, 0, Duration.ofSeconds(1), 16));
    RelayPeer[] ends = spliced(hub);
    String why = "The relay carries for 1 s at a time.";
    ends[0].assertEnded(TIME_USED_UP, why);
    ends[1].assertEnded(TIME_USED_UP, why);
    assertEquals(0, hub.circuits());
  }

  @Test
  void whoLeavesEndsTheCircuitAfterWhatItSaid() throws Exception {
    RelayPeer[] ends = spliced(hub());
    byte[] last = random(new Random(3), 64_000);
    ends[0].send(last);
    ends[0].leave();
    assertArrayEquals(last, ends[1].read(last.length));
    ends[1].assertEnded(OTHER_LEFT, LEFT);
  }

  @Test
  void whoDisappearsEndsTheCircuit() throws Exception {
    Hub hub = hub();
    RelayPeer[] ends = spliced(hub);
    ends[1].close();
    ends[0].assertEnded(OTHER_LEFT, LEFT);
    Fixture.until(() -> hub.circuits() == 0);
  }

  @Test
  void whoLeavesBeforeTheOtherComesLeavesNothingBehind() throws Exception {
    Hub hub = hub();
    RelayPass pass = login(hub);
    CircuitId circuit = circuit();
    RelayPeer first = peer(hub, pass, circuit);
    Fixture.until(() -> hub.circuits() > 0);
    first.close();
    Fixture.until(() -> hub.circuits() == 0);
    RelayPeer second = peer(hub, pass, circuit);
    RelayPeer third = peer(hub, pass, circuit);
    second.granted();
    third.granted();
  }

  @Test
  void silenceEndsTheCircuit() throws Exception {
    Hub hub =
        fixture.hub(
            fixture
                .config()
                .withLimits(
                    HubLimits.defaults().withTimes(Duration.ofSeconds(10), Duration.ofSeconds(1))));
    RelayPeer[] ends = spliced(hub);
    List<Integer> codes = List.of(ends[0].end().code(), ends[1].end().code());
    assertTrue(codes.contains(4009), codes::toString);
  }

  // ---- back-pressure and fairness --------------------------------------------------------------

  /** Sends until it is not taken any more for a while, but no more than that. */
  private static long sendUntilStuck(RelayPeer from, long most) throws Exception {
    long sent = 0;
    byte[] piece = new byte[32 * 1024];
    while (sent < most) {
      try {
        var _ = from.sending(piece, true).get(2, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        // What is being sent arrives, too, once the reader goes on.
        return sent + piece.length;
      }
      sent += piece.length;
    }
    return sent;
  }

  @Test
  void aReaderThatStopsStopsTheWriterAndNothingIsLost() throws Exception {
    RelayPeer[] ends = spliced(hub());
    ends[1].stopReading();
    long most = 512L << 20;
    long sent = sendUntilStuck(ends[0], most);
    assertTrue(sent < 64L << 20, () -> sent + " bytes were taken");
    ends[1].goOnReading();
    ends[1].read((int) sent);
    assertFalse(ends[0].isOver());
  }

  @Test
  void aReaderThatStopsDoesNotStopTheOtherDirectionNorOtherCircuits() throws Exception {
    Hub hub = hub();
    RelayPass one = login(hub);
    RelayPass other = login(hub);
    RelayPeer[] stuck = spliced(hub, one, other);
    RelayPeer[] free = spliced(hub, one, other);
    stuck[1].stopReading();
    sendUntilStuck(stuck[0], 512L << 20);
    stuck[1].send(new byte[1 << 16]);
    stuck[0].read(1 << 16);
    free[0].send(new byte[1 << 16]);
    free[1].read(1 << 16);
  }

  @Test
  void whoDoesNotReadIsCutOffWhenItsCircuitEnds() throws Exception {
    Hub hub =
        fixture.hub(
            fixture
                .config()
                .withLimits(
                    HubLimits.defaults().withTimes(Duration.ofSeconds(10), Duration.ofSeconds(4))));
    RelayPeer[] ends = spliced(hub);
    ends[1].stopReading();
    sendUntilStuck(ends[0], 512L << 20);
    ends[0].close();
    // Only the two logins are left.
    awaitConnections(hub, 2);
  }

  @Test
  void aNodeWithManyCircuitsGetsAboutAsMuchAsOneWithASingleOne() throws Exception {
    Hub hub = hub(new RelayLimits(2_000_000, 0, Duration.ZERO, 16));
    RelayPass many = login(hub);
    RelayPass single = login(hub);
    RelayPass reader = login(hub);
    List<RelayPeer[]> ofMany = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ofMany.add(spliced(hub, many, reader));
    }
    RelayPeer[] ofSingle = spliced(hub, single, reader);
    AtomicBoolean stop = new AtomicBoolean();
    List<RelayPeer> senders = new ArrayList<>(List.of(ofSingle[0]));
    ofMany.forEach(pair -> senders.add(pair[0]));
    List<CompletableFuture<Void>> sending =
        senders.stream()
            .map(
                sender ->
                    CompletableFuture.runAsync(
                        () -> flood(sender, stop), Thread::startVirtualThread))
            .toList();
    Fixture.until(() -> got(ofMany) + got(List.<RelayPeer[]>of(ofSingle)) > 5_000_000);
    double ratio = (double) got(ofMany) / got(List.<RelayPeer[]>of(ofSingle));
    assertTrue(ratio > 0.5 && ratio < 2, () -> "four circuits got " + ratio + " times as much");
    stop.set(true);
    for (CompletableFuture<Void> each : sending) {
      Fixture.get(each);
    }
  }

  private static long got(List<RelayPeer[]> circuits) {
    return circuits.stream().mapToLong(pair -> pair[1].receivedBytes()).sum();
  }

  private static void flood(RelayPeer sender, AtomicBoolean stop) {
    byte[] piece = new byte[8 * 1024];
    try {
      while (!stop.get()) {
        sender.send(piece);
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aWholeCircuitIsReadBack() throws Exception {
    // Larger than all buffers on the way, so that every one of them is full at times.
    RelayPeer[] ends = spliced(hub());
    byte[] all = random(new Random(5), 48 << 20);
    CompletableFuture<Void> sending =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int at = 0; at < all.length; at += LARGEST_FRAME) {
                  ends[0].send(
                      Arrays.copyOfRange(all, at, Math.min(all.length, at + LARGEST_FRAME)));
                }
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            },
            Thread::startVirtualThread);
    ByteArrayOutputStream got = new ByteArrayOutputStream(all.length);
    while (got.size() < all.length) {
      got.writeBytes(ends[1].read(Math.min(1 << 20, all.length - got.size())));
    }
    assertArrayEquals(all, got.toByteArray());
    Fixture.get(sending);
  }
}
