package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.Nat;
import dev.godwit.internet.NatKind;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS over TCP between two translators that let nobody in. */
@Timeout(60)
class TcpPunchTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0);

  private final Identity alice = Identity.generate(RANDOM);
  private final Identity bob = Identity.generate(RANDOM);

  private static TlsTransport transport(Host host, Identity identity) throws IOException {
    return host.call(() -> new TlsTransport(identity, ANY, InstantSource.system(), RANDOM));
  }

  /** Where a translator that keeps ports shows the transport. */
  private static List<String> outside(Host host, TlsTransport transport) {
    InetAddress ip = host.nat().map(Nat::address).orElse(host.address());
    return List.of(ip.getHostAddress() + ":" + transport.boundTo().getPort());
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
    "PORT_RESTRICTED, PORT_RESTRICTED",
    "CARRIER_GRADE, UDP_BLOCKED",
    "UDP_BLOCKED, CARRIER_GRADE",
  })
  void filtersThatAreOpenedFromBothSidesAreNone(NatKind one, NatKind other) throws Exception {
    LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    try (Internet internet = Internet.create()) {
      Host near = internet.host("alice", one);
      Host far = internet.host("bob", other);
      try (TlsTransport here = transport(near, alice);
          TlsTransport there = transport(far, bob);
          TlsTransport.Opening _ = far.call(() -> there.open(outside(near, here)))) {
        there.listen(accepted::add);
        Connection connection = meet(near, here, outside(far, there), Duration.ofSeconds(10));
        assertEquals(
            new Path(Path.Kind.PUNCHED, "tls", outside(far, there).getFirst()), connection.path());
        Connection taken = accepted.poll(10, TimeUnit.SECONDS);
        assertEquals(alice.id(), taken == null ? null : taken.peer());
      }
    }
  }

  @Test
  void nobodyGetsThroughAFilterThatWasNotOpened() throws Exception {
    try (Internet internet = Internet.create()) {
      Host near = internet.host("alice", NatKind.PORT_RESTRICTED);
      Host far = internet.host("bob", NatKind.PORT_RESTRICTED);
      try (TlsTransport here = transport(near, alice);
          TlsTransport there = transport(far, bob)) {
        assertThrows(
            IOException.class,
            () -> meet(near, here, outside(far, there), Duration.ofMillis(1500)));
      }
    }
  }
}
