package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.internet.Hairpin;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.path.NatBehaviour;
import dev.godwit.path.NatBehaviour.Filtering;
import dev.godwit.path.NatBehaviour.Mapping;
import dev.godwit.path.NatProbe;
import dev.godwit.path.StunSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nodes find out what kind of NAT they are behind, from a real hub; other STUN programs agree. */
class NatProbeTest {
  private static final Duration ANSWER = Duration.ofMillis(1500);
  private static final int HUB_PORT = 7007;

  private final SecureRandom random = new SecureRandom();
  private Internet internet;
  private World world;
  private Host server;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    internet = Internet.create();
    world = World.in(directory);
    server = internet.host("server");
  }

  @AfterEach
  void end() throws Exception {
    world.close();
    internet.close();
  }

  private List<InetSocketAddress> hub() throws Exception {
    List<String> prefix = server.command(List.of()).command();
    Place place =
        new Place(
            "0.0.0.0:0", command -> Stream.concat(prefix.stream(), command.stream()).toList());
    world.hub(place, server.address().getHostAddress() + ":" + HUB_PORT);
    Map<String, String> ready = world.hubProcess().await("ready", PATIENCE);
    return Stream.of("stunPort", "secondStunPort")
        .map(name -> at(server, Integer.parseInt(ready.getOrDefault(name, "0"))))
        .toList();
  }

  private static InetSocketAddress at(Host host, int port) {
    return new InetSocketAddress(host.address(), port);
  }

  /** The socket belongs to the host for good. */
  private NatBehaviour probe(Host host, List<InetSocketAddress> servers) throws IOException {
    try (StunSocket socket = host.call(() -> StunSocket.open(random))) {
      return new NatProbe(socket.agent(), socket.addresses(), random, ANSWER).probe(servers);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NONE,                 NONE,                       ENDPOINT_INDEPENDENT,       UNKNOWN",
    "ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT,       ENDPOINT_INDEPENDENT,       MISSING",
    "PORT_RESTRICTED,      ENDPOINT_INDEPENDENT,       ADDRESS_AND_PORT_DEPENDENT, MISSING",
    "SYMMETRIC,            ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT, UNKNOWN",
    "CARRIER_GRADE,        ENDPOINT_INDEPENDENT,       ADDRESS_AND_PORT_DEPENDENT, MISSING",
    "UDP_BLOCKED,          UDP_BLOCKED,                UDP_BLOCKED,                UNKNOWN",
    "TCP_443_ONLY,         UDP_BLOCKED,                UDP_BLOCKED,                UNKNOWN",
  })
  void everyKindOfNatIsRecognized(
      NatKind kind, Mapping mapping, Filtering filtering, NatBehaviour.Hairpin hairpin)
      throws Exception {
    Host host = internet.host("node", kind);
    NatBehaviour found = probe(host, hub());
    assertEquals(mapping, found.mapping());
    assertEquals(filtering, found.filtering());
    assertEquals(hairpin, found.hairpin());
    InetAddress outside = host.nat().isPresent() ? host.nat().get().address() : host.address();
    found.outside().ifPresent(seen -> assertEquals(outside, seen.getAddress()));
    assertEquals(mapping != Mapping.UDP_BLOCKED, found.outside().isPresent());
  }

  @ParameterizedTest
  @CsvSource({"ENDPOINT_INDEPENDENT", "PORT_RESTRICTED"})
  void aHairpinIsRecognized(NatKind kind) throws Exception {
    Host host = internet.nat("home", kind, Hairpin.ON, LinkProfile.PERFECT).host("node");
    assertEquals(NatBehaviour.Hairpin.WORKS, probe(host, hub()).hairpin());
  }

  private String output(Host host, String... command) throws Exception {
    List<String> inside = host.command(List.of(command)).command();
    Outcome outcome = world.programs().run("", inside);
    return outcome.out() + outcome.err();
  }

  @Test
  void coturnsClientUnderstandsTheHub() throws Exception {
    List<InetSocketAddress> hub = hub();
    Host host = internet.host("node", NatKind.PORT_RESTRICTED);
    InetAddress outside = host.nat().orElseThrow().address();
    for (InetSocketAddress port : hub) {
      String said =
          output(
              host,
              "turnutils_stunclient",
              "-p",
              Integer.toString(port.getPort()),
              port.getAddress().getHostAddress());
      assertTrue(
          said.contains("UDP reflexive addr: " + outside.getHostAddress() + ":"), () -> said);
    }
  }

  @Test
  void aClientOfTheFirstStunUnderstandsTheHub() throws Exception {
    InetSocketAddress port = hub().getFirst();
    Host host = internet.host("node", NatKind.PORT_RESTRICTED);
    InetAddress outside = host.nat().orElseThrow().address();
    String address = port.getAddress().getHostAddress() + ":" + port.getPort();
    String said = output(host, "stun", address, "-v", "1", "-p", "4321");
    assertTrue(said.contains("MappedAddress = " + outside.getHostAddress() + ":4321"), () -> said);
  }

  @Test
  void ourAgentUnderstandsCoturn() throws Exception {
    Host node = internet.host("node", NatKind.PORT_RESTRICTED);
    Process coturn =
        server
            .command(
                List.of(
                    "turnserver",
                    "-n",
                    "--stun-only",
                    "--no-cli",
                    "--no-tls",
                    "--no-dtls",
                    "--pidfile=" + world.path("coturn.pid"),
                    "--log-file=" + world.path("coturn.log"),
                    "--no-stdout-log",
                    "--userdb=" + world.path("coturn.db"),
                    "--listening-ip=" + server.address().getHostAddress(),
                    "--listening-port=3478"))
            .redirectErrorStream(true)
            .redirectOutput(world.path("coturn.out").toFile())
            .start();
    try {
      InetAddress outside = node.nat().orElseThrow().address();
      try (StunSocket socket = node.call(() -> StunSocket.open(random))) {
        InetSocketAddress seen = socket.agent().reflexive(at(server, 3478), PATIENCE);
        assertEquals(outside, seen.getAddress());
      }
      // It has one address, so it does not offer to answer from elsewhere.
      NatBehaviour found = probe(node, List.of(at(server, 3478)));
      assertEquals(Mapping.UNKNOWN, found.mapping());
      assertEquals(outside, found.outside().orElseThrow().getAddress());
    } finally {
      coturn.destroyForcibly();
      coturn.waitFor();
    }
  }
}
