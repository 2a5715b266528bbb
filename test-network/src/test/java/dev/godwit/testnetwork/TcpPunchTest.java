package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.Nat;
import dev.godwit.internet.NatKind;
import dev.godwit.path.AddressText;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import dev.godwit.testing.Patience;
import dev.godwit.tls.TlsTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS over TCP between two translators that let nobody in. */
class TcpPunchTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String IPV4 = "0.0.0.0";

  private final Identity alice = Identity.generate(RANDOM);
  private final Identity bob = Identity.generate(RANDOM);

  private static TlsTransport transport(Host host, Identity identity, String bind)
      throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral(bind), 0);
    return host.call(() -> new TlsTransport(identity, any, InstantSource.system(), RANDOM));
  }

  /** Where a translator that keeps ports shows the transport. */
  private static List<String> outside(Host host, TlsTransport transport) {
    InetAddress ip = host.nat().map(Nat::address).orElse(host.address());
    return List.of(AddressText.format(new InetSocketAddress(ip, transport.boundTo().getPort())));
  }

  private Connection meet(Host host, TlsTransport from, List<String> to, Duration patience)
      throws IOException {
    return host.call(
        () ->
            from.meet(
                bob.id(), to, TlsTransport.Ports.FRESH_AND_LISTENING, address -> false, patience));
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, PORT_RESTRICTED, PORT_RESTRICTED, 0, 2",
    "0.0.0.0, CARRIER_GRADE, UDP_BLOCKED, 0, 2",
    "'::', UDP_BLOCKED, CARRIER_GRADE, 0, 2",
    "'::', IPV6_ONLY, IPV6_ONLY, 0, 2",
    "0.0.0.0, PORT_RESTRICTED, PORT_RESTRICTED, 20, 2",
    "0.0.0.0, CARRIER_GRADE, UDP_BLOCKED, 20, 2",
    "'::', UDP_BLOCKED, CARRIER_GRADE, 20, 2",
    "'::', IPV6_ONLY, IPV6_ONLY, 20, 2",
    "0.0.0.0, PORT_RESTRICTED, PORT_RESTRICTED, 20, 10",
    "0.0.0.0, CARRIER_GRADE, UDP_BLOCKED, 20, 10",
    "'::', UDP_BLOCKED, CARRIER_GRADE, 20, 10",
    "'::', IPV6_ONLY, IPV6_ONLY, 20, 10",
  })
  void filtersThatAreOpenedFromBothSidesAreNone(
      String bind, NatKind one, NatKind other, int delay, int routers) throws Exception {
    LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    try (Internet internet = Internet.create()) {
      LinkProfile profile = LinkProfile.PERFECT.withDelay(Duration.ofMillis(delay));
      internet.lengthen(routers);
      Host near = internet.host("alice", one, profile);
      Host far = internet.host("bob", other, profile);
      try (TlsTransport here = transport(near, alice, bind);
          TlsTransport there = transport(far, bob, bind);
          TlsTransport.Opening _ = far.call(() -> there.open(outside(near, here)))) {
        there.listen(accepted::add);
        Connection connection = meet(near, here, outside(far, there), Duration.ofSeconds(10));
        assertEquals(
            new Path(Path.Kind.PUNCHED, "tls", outside(far, there).getFirst()), connection.path());
        Connection taken = accepted.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
        assertEquals(alice.id(), taken == null ? null : taken.peer());
      }
    }
  }

  @Test
  void nobodyGetsThroughAFilterThatWasNotOpened() throws Exception {
    try (Internet internet = Internet.create()) {
      Host near = internet.host("alice", NatKind.PORT_RESTRICTED);
      Host far = internet.host("bob", NatKind.PORT_RESTRICTED);
      try (TlsTransport here = transport(near, alice, IPV4);
          TlsTransport there = transport(far, bob, IPV4)) {
        assertThrows(
            IOException.class,
            () -> meet(near, here, outside(far, there), Duration.ofMillis(1500)));
      }
    }
  }
}
