package dev.godwit.path;

import static dev.godwit.path.DatagramNetwork.Dependence.ADDRESS_AND_PORT_DEPENDENT;
import static dev.godwit.path.DatagramNetwork.Dependence.ENDPOINT_INDEPENDENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.path.DatagramNetwork.ChangePort;
import dev.godwit.path.DatagramNetwork.Dependence;
import dev.godwit.path.DatagramNetwork.Host;
import dev.godwit.path.NatBehaviour.Filtering;
import dev.godwit.path.NatBehaviour.Hairpin;
import dev.godwit.path.NatBehaviour.Mapping;
import dev.godwit.stun.StunMessage;
import dev.godwit.stun.TransactionId;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NatProbeTest {
  /** What is not answered by then never is. */
  private static final Duration PATIENCE = Duration.ofMillis(1200);

  private final SecureRandom random = new SecureRandom();
  private final DatagramNetwork network = new DatagramNetwork();
  private final List<InetSocketAddress> server = network.server(ChangePort.SUPPORTED);

  @AfterEach
  void close() {
    network.close();
  }

  private NatBehaviour probe(Host host, List<InetSocketAddress> servers) throws IOException {
    return new NatProbe(host.agent, Set.of(host.address), random, PATIENCE).probe(servers);
  }

  private void finds(Mapping mapping, Filtering filtering, Hairpin hairpin, Host host)
      throws IOException {
    NatBehaviour found = probe(host, server);
    assertEquals(mapping, found.mapping());
    assertEquals(filtering, found.filtering());
    assertEquals(hairpin, found.hairpin());
    assertTrue(found.outside().isPresent());
  }

  @Test
  void aPublicHostHasNoNat() throws Exception {
    Host host = network.host();
    finds(Mapping.NONE, Filtering.ENDPOINT_INDEPENDENT, Hairpin.UNKNOWN, host);
    assertEquals(Optional.of(host.address), probe(host, server).outside());
  }

  @Test
  void aFirewallInFrontOfAPublicHostIsSeen() throws Exception {
    finds(Mapping.NONE, Filtering.ADDRESS_AND_PORT_DEPENDENT, Hairpin.UNKNOWN, network.fenced());
  }

  @Test
  void aNatThatLetsEverybodyIn() throws Exception {
    finds(
        Mapping.ENDPOINT_INDEPENDENT,
        Filtering.ENDPOINT_INDEPENDENT,
        Hairpin.WORKS,
        network.host(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT));
  }

  @Test
  void aPortRestrictedNat() throws Exception {
    finds(
        Mapping.ENDPOINT_INDEPENDENT,
        Filtering.ADDRESS_AND_PORT_DEPENDENT,
        Hairpin.WORKS,
        network.host(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT));
  }

  @Test
  void aNatWithoutHairpin() throws Exception {
    finds(
        Mapping.ENDPOINT_INDEPENDENT,
        Filtering.ADDRESS_AND_PORT_DEPENDENT,
        Hairpin.MISSING,
        network.host(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT, false));
  }

  @Test
  void aSymmetricNat() throws Exception {
    finds(
        Mapping.ADDRESS_AND_PORT_DEPENDENT,
        Filtering.ADDRESS_AND_PORT_DEPENDENT,
        Hairpin.UNKNOWN,
        network.host(ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT));
  }

  @Test
  void aServerThatDoesNotAnswerFromElsewhereSaysNothingAboutTheFilter() throws Exception {
    NatBehaviour found =
        probe(
            network.host(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT),
            network.server(ChangePort.REFUSED));
    assertEquals(Filtering.UNKNOWN, found.filtering());
    assertEquals(Mapping.ENDPOINT_INDEPENDENT, found.mapping());
  }

  @Test
  void oneServerSaysNothingAboutTheMapping() throws Exception {
    Host host = network.host(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    assertEquals(Mapping.UNKNOWN, probe(host, server.subList(0, 1)).mapping());
  }

  @Test
  void aServerThatIsNotThereIsPassedOver() throws Exception {
    InetSocketAddress nobody = new InetSocketAddress(server.getFirst().getAddress(), 9);
    NatBehaviour found = probe(network.host(), List.of(nobody, server.get(0), server.get(1)));
    assertEquals(Mapping.NONE, found.mapping());
  }

  @Test
  void nothingAnswersWhereUdpIsBlocked() throws Exception {
    network.arrives = to -> false;
    assertEquals(NatBehaviour.UDP_BLOCKED, probe(network.host(), server));
  }

  /** What the probe promises is what the checks then find. */
  @Test
  void punchingWorksJustWhereItIsSaidTo() throws Exception {
    for (Dependence mapping : Dependence.values()) {
      for (Dependence filtering : Dependence.values()) {
        for (Dependence otherMapping : Dependence.values()) {
          for (Dependence otherFiltering : Dependence.values()) {
            Host a = network.host(mapping, filtering);
            Host b = network.host(otherMapping, otherFiltering);
            boolean promised =
                behaviour(mapping, filtering).punchesWith(behaviour(otherMapping, otherFiltering));
            assertEquals(
                promised,
                behaviour(otherMapping, otherFiltering).punchesWith(behaviour(mapping, filtering)));
            assertEquals(
                promised,
                meet(a, b),
                () -> mapping + " " + filtering + ", " + otherMapping + " " + otherFiltering);
          }
        }
      }
    }
  }

  private static NatBehaviour behaviour(Dependence mapping, Dependence filtering) {
    return new NatBehaviour(
        Mapping.valueOf(mapping.name()),
        Filtering.valueOf(filtering.name()),
        Hairpin.UNKNOWN,
        Optional.empty());
  }

  private boolean meet(Host a, Host b) throws Exception {
    CheckToken token = CheckToken.random(random);
    Candidate ofA = reflexive(a);
    Candidate ofB = reflexive(b);
    // What cannot be takes all of this.
    Duration patience = Duration.ofMillis(250);
    try (Checks there = b.agent.check(token, List.of(ofA), patience);
        Checks here = a.agent.check(token, List.of(ofB), patience)) {
      there.ended().join();
      here.ended().join();
      return here.reachable().handle((found, failed) -> failed == null).get();
    }
  }

  private Candidate reflexive(Host host) throws IOException {
    return new Candidate(
        Candidate.Kind.REFLEXIVE, host.agent.reflexive(server.getFirst(), PATIENCE));
  }

  @Test
  void nobodyPunchesWithoutUdp() {
    NatBehaviour open = behaviour(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT);
    assertFalse(NatBehaviour.UDP_BLOCKED.punchesWith(open));
    assertFalse(open.punchesWith(NatBehaviour.UDP_BLOCKED));
  }

  @Test
  void everyBehaviourHasASentenceOfItsOwn() {
    Set<String> sentences = new HashSet<>();
    for (Mapping mapping : Mapping.values()) {
      for (Filtering filtering : Filtering.values()) {
        sentences.add(
            new NatBehaviour(mapping, filtering, Hairpin.UNKNOWN, Optional.empty()).sentence());
      }
    }
    assertEquals(7, sentences.size());
    assertTrue(NatBehaviour.UDP_BLOCKED.sentence().contains("relay"));
  }

  @Test
  void aSocketOfItsOwnAsksAndAnswers() throws Exception {
    try (StunSocket a = StunSocket.open(random);
        StunSocket b = StunSocket.open(random)) {
      InetSocketAddress ofA = loopback(a);
      InetSocketAddress ofB = loopback(b);
      assertNotEquals(ofA, ofB);
      assertEquals(ofA, a.agent().reflexive(ofB, Duration.ofSeconds(20)));
      assertTrue(a.addresses().contains(ofA));
    }
  }

  private static InetSocketAddress loopback(StunSocket socket) {
    return socket.addresses().stream()
        .filter(
            address ->
                address.getAddress().isLoopbackAddress()
                    && address.getAddress().getAddress().length == 4)
        .findAny()
        .orElseThrow();
  }

  @Test
  void aSocketDropsWhatIsNotStun() throws Exception {
    try (StunSocket socket = StunSocket.open(random);
        DatagramSocket stranger = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      InetSocketAddress to = loopback(socket);
      stranger.setSoTimeout(Math.toIntExact(Patience.seconds(20).toMillis()));
      for (byte[] noise : List.of(new byte[0], new byte[] {1, 2, 3}, new byte[3000])) {
        stranger.send(new DatagramPacket(noise, noise.length, to));
      }
      TransactionId id = TransactionId.random(random);
      byte[] request = StunMessage.bindingRequest(id).encode();
      stranger.send(new DatagramPacket(request, request.length, to));
      DatagramPacket answer = new DatagramPacket(new byte[100], 100);
      stranger.receive(answer);
      assertEquals(
          id,
          StunMessage.decode(ByteBuffer.wrap(answer.getData(), 0, answer.getLength()))
              .transaction());
    }
  }
}
