package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.path.AddressText;
import dev.godwit.path.Candidate;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerAddressesTest {
  private static final List<String> NAMED =
      List.of(
          "192.0.2.1:7000",
          "127.0.0.1:22",
          "127.1.2.3:22",
          "[::1]:22",
          "[::ffff:127.0.0.1]:22",
          "0.0.0.0:22",
          "[::]:22",
          "224.0.0.1:22",
          "no address",
          "[2001:db8::1]:7000");

  private static List<Candidate> candidates(List<String> addresses) {
    return addresses.stream()
        .map(text -> new Candidate(Candidate.Kind.HOST, AddressText.parse(text)))
        .toList();
  }

  @Test
  void aPeersLoopbackAddressIsNotOurs() {
    PeerAddresses addresses = new PeerAddresses(PeerAddresses.Loopback.LEFT_ALONE);
    assertEquals(List.of("192.0.2.1:7000", "[2001:db8::1]:7000"), addresses.tcp(NAMED));
    assertEquals(
        candidates(List.of("192.0.2.1:7000")),
        addresses.candidates(
            candidates(List.of("127.0.0.1:1", "[::1]:1", "0.0.0.0:1", "192.0.2.1:7000"))));
  }

  @Test
  void aMeshOnOneMachineMeetsThere() {
    PeerAddresses addresses = new PeerAddresses(PeerAddresses.Loopback.USED);
    List<String> here = List.of("127.0.0.1:7000", "[::1]:7000");
    assertEquals(here, addresses.tcp(here));
    assertEquals(candidates(here), addresses.candidates(candidates(here)));
    assertEquals(List.of(), addresses.tcp(List.of("224.0.0.1:22")));
  }
}
