package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.Lan;
import dev.godwit.internet.LanHost;
import dev.godwit.portmap.MappingProtocol;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real router daemon, miniupnpd, opens its NAT for who asks, by each protocol. */
class PortMappingTest {
  private static final Duration PATIENCE = Patience.seconds(40);
  private static final int QUIC = 4433;
  private static final int TLS = 4434;

  /** What the daemon is told to be its public address: it refuses those for documentation. */
  private static final String CLAIMED = "45.66.77.88";

  @TempDir Path directory;
  private Internet internet;
  private Lan lan;
  private LanHost node;
  private Host stranger;
  private DatagramSocket inside;
  private ServerSocket insideTcp;
  private DatagramSocket outside;

  @BeforeEach
  void begin() throws Exception {
    internet = Internet.create();
    lan = internet.lan("home");
    node = lan.host("node");
    stranger = internet.host("stranger");
    inside = node.call(() -> new DatagramSocket(QUIC, InetAddress.ofLiteral("0.0.0.0")));
    insideTcp = node.call(() -> new ServerSocket(TLS));
    outside = stranger.call(() -> new DatagramSocket(0, InetAddress.ofLiteral("0.0.0.0")));
  }

  @AfterEach
  void end() throws Exception {
    inside.close();
    insideTcp.close();
    outside.close();
    internet.close();
  }

  /** Ends with the test. */
  private Process daemon(MappingProtocol... protocols) throws Exception {
    Set<MappingProtocol> spoken = Set.of(protocols);
    lan.router()
        .addRules(
            """
            table inet mapped {
              chain forward { type filter hook forward priority 10; policy accept; jump passed; }
              chain prerouting { type nat hook prerouting priority dstnat; jump before; }
              chain postrouting { type nat hook postrouting priority srcnat; jump after; }
              chain passed { }
              chain before { }
              chain after { }
            }
            """);
    Path config =
        Files.writeString(
            directory.resolve("miniupnpd.conf"),
            """
            ext_ifname=wan
            ext_ip=%s
            listening_ip=lan0
            port=5000
            enable_natpmp=%s
            enable_upnp=%s
            secure_mode=yes
            min_lifetime=10
            lease_file=%s
            uuid=6a2b5e0e-6f3d-4c4a-9b0c-0d9a1f1c7f10
            upnp_table_name=mapped
            upnp_nat_table_name=mapped
            upnp_forward_chain=passed
            upnp_nat_chain=before
            upnp_nat_postrouting_chain=after
            ipv6_disable=yes
            allow 1024-65535 %s.0/24 1024-65535
            deny 0-65535 0.0.0.0/0 0-65535
            """
                .formatted(
                    CLAIMED,
                    yes(
                        spoken.contains(MappingProtocol.PCP)
                            || spoken.contains(MappingProtocol.NAT_PMP)),
                    yes(spoken.contains(MappingProtocol.UPNP_IGD)),
                    directory.resolve("leases"),
                    lan.subnet()));
    List<String> command =
        lan.router()
            .command(
                List.of(
                    "miniupnpd",
                    "-d",
                    "-f",
                    config.toString(),
                    "-P",
                    directory.resolve("miniupnpd.pid").toString()));
    Path log = directory.resolve("miniupnpd.log");
    Process daemon =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      Patience.until(
          "miniupnpd listens",
          () -> {
            assertTrue(daemon.isAlive(), () -> "miniupnpd has ended: " + read(log));
            return read(log).contains("starting");
          });
      return daemon;
    } catch (Exception | Error e) {
      daemon.destroyForcibly();
      throw e;
    }
  }

  private static String yes(boolean is) {
    return is ? "yes" : "no";
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A node in a process of its own, since the JDK looks at interfaces as its process does. */
  private ChildProcess node(String tcp, Set<MappingProtocol> protocols) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                PortMappingNode.class.getName(),
                Integer.toString(QUIC),
                tcp));
    protocols.forEach(protocol -> command.add(protocol.name()));
    ProcessBuilder builder = new ProcessBuilder(node.command(command));
    return ChildProcess.start("node", directory, builder, event -> {});
  }

  /** Ends it by a signal, so that it still has a pipe to say its last word to. */
  private static void end(ChildProcess mapping) throws IOException, InterruptedException {
    assertTrue(ProcessHandle.of(mapping.pid()).orElseThrow().destroy());
    // 128 and the signal's number.
    assertEquals(143, mapping.awaitEnd(PATIENCE), mapping::complaints);
    assertEquals("closed", mapping.events().getLast().get("event"), mapping::complaints);
  }

  private void knock(String word, int port) throws IOException {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    outside.send(
        new DatagramPacket(
            bytes,
            bytes.length,
            new InetSocketAddress(InetAddress.ofLiteral(lan.outside()), port)));
  }

  private boolean isOpen(int port) throws Exception {
    // Another source port, or the router would still know the conversation.
    outside.close();
    outside = stranger.call(() -> new DatagramSocket(0, InetAddress.ofLiteral("0.0.0.0")));
    knock("knock", port);
    try {
      return "knock".equals(heard(Duration.ofSeconds(1)));
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private String heard(Duration patience) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    inside.setSoTimeout(Math.toIntExact(patience.toMillis()));
    inside.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @EnumSource
  void unsolicitedDatagramsComeInUntilItIsClosed(MappingProtocol protocol) throws Exception {
    Process daemon = daemon(protocol);
    try {
      int port;
      try (ChildProcess mapping = node(Integer.toString(TLS), EnumSet.of(protocol))) {
        Map<String, String> mapped = mapping.await("mapped", PATIENCE);
        assertEquals(protocol.name(), mapped.get("protocol"));
        assertEquals(CLAIMED, mapped.get("address"));
        assertEquals("1", mapped.get("candidates"));
        port = Integer.parseInt(mapped.getOrDefault("udp", ""));
        knock("open", port);
        assertEquals("open", heard(PATIENCE));
        int tcp = Integer.parseInt(mapped.getOrDefault("tcp", ""));
        try (Socket socket =
                stranger.call(() -> new Socket(InetAddress.ofLiteral(lan.outside()), tcp));
            Socket accepted = insideTcp.accept()) {
          assertTrue(accepted.isConnected() && socket.isConnected());
        }
        end(mapping);
      }
      // What the router was told last it need not have done yet.
      Patience.until("the router has closed the port", () -> !isOpen(port));
    } finally {
      daemon.destroyForcibly();
      daemon.waitFor();
    }
  }

  @Test
  void theFirstProtocolThatWorksIsTaken() throws Exception {
    Process daemon = daemon(MappingProtocol.UPNP_IGD);
    try (ChildProcess mapping = node("", EnumSet.allOf(MappingProtocol.class))) {
      Map<String, String> mapped = mapping.await("mapped", PATIENCE);
      assertEquals(MappingProtocol.UPNP_IGD.name(), mapped.get("protocol"));
      assertEquals("0", mapped.get("tcp"));
    } finally {
      daemon.destroyForcibly();
      daemon.waitFor();
    }
  }

  @Test
  void whereNoRouterAnswersNothingIsMappedAndNothingHangs() throws Exception {
    try (ChildProcess mapping = node(Integer.toString(TLS), EnumSet.allOf(MappingProtocol.class))) {
      assertEquals("0", mapping.await("nothing", PATIENCE).get("candidates"));
      end(mapping);
    }
  }

  @Test
  void closingInTheMiddleEndsIt() throws Exception {
    try (ChildProcess mapping = node(Integer.toString(TLS), EnumSet.allOf(MappingProtocol.class))) {
      mapping.await("started", PATIENCE);
      end(mapping);
    }
  }
}
