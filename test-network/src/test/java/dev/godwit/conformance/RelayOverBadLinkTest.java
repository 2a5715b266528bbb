package dev.godwit.conformance;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.godwit.hub.Hub;
import dev.godwit.hub.HubConfig;
import dev.godwit.identity.Identity;
import dev.godwit.identity.Octets;
import dev.godwit.internet.Host;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.RelayPass;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import dev.godwit.testing.Patience;
import dev.godwit.tls.RelayAccess;
import dev.godwit.tls.RelayTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** The relay of a hub, over links that delay and lose packets. */
class RelayOverBadLinkTest extends TransportConformance {
  private static final InstantSource CLOCK = InstantSource.system();

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Guest> guests = new ConcurrentHashMap<>();
  private final BadLinks links;
  private final Hub hub;
  private final Process login;
  private final RelayAccess access;

  /** A node that uses the relay, and where it is. */
  private record Guest(Host host, RelayTransport transport) {}

  RelayOverBadLinkTest() throws IOException {
    links = new BadLinks();
    Host machine = links.middle();
    hub =
        machine.call(
            () ->
                Hub.start(
                    HubConfig.inMemory(
                        new InetSocketAddress(machine.address(), 0), CLOCK, random)));
    HubAddress address =
        new HubAddress(
            machine.address().getHostAddress(), hub.address().getPort(), hub.fingerprint());
    login =
        machine
            .command(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    HubLogin.class.getName(),
                    address.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader lines = login.inputReader();
    String pass = lines.readLine();
    assertNotNull(pass, "nobody is logged in");
    access = new RelayAccess(address, new RelayPass(Octets.of(HexFormat.of().parseHex(pass))));
  }

  @AfterEach
  void stop() throws Exception {
    try (links) {
      login.outputWriter().close();
      if (!login.waitFor(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)) {
        login.destroyForcibly();
      }
      hub.close();
    }
  }

  @Override
  protected int slowness() {
    return BadLinks.SLOWNESS;
  }

  @Override
  protected Transport transport(Identity identity) throws Exception {
    Host host = links.machine();
    String address = identity.id().shortForm();
    return BadLinks.inside(
        host,
        () -> {
          RelayTransport transport =
              new RelayTransport(
                  identity,
                  address,
                  () -> access,
                  (peer, to, circuit) -> {
                    Guest invited = Objects.requireNonNull(guests.get(to));
                    invited
                        .host()
                        .call(
                            () -> {
                              var _ = invited.transport().accept(circuit, RelayUser.PATIENCE);
                              return true;
                            });
                  },
                  CLOCK,
                  random);
          guests.put(address, new Guest(host, transport));
          return transport;
        });
  }
}
