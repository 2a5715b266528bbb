package dev.godwit.internet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import java.io.IOException;
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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InternetTest {
  private static List<String> namespaces(String prefix) throws IOException {
    return Namespace.names(name -> name.startsWith(prefix));
  }

  @Test
  void aPublicHostIsSeenAsItIs() throws Exception {
    try (Internet internet = Internet.create();
        Probe server = new Probe(internet.host("server"));
        Probe alice = new Probe(internet.host("alice", NatKind.NONE))) {
      assertEquals(alice.endpoint(), alice.seenBy(server));
      server.send("unasked", alice.endpoint());
      alice.expect("unasked");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ENDPOINT_INDEPENDENT", "PORT_RESTRICTED", "CARRIER_GRADE"})
  void aStableMappingIsTheSameForEverybody(NatKind kind) throws Exception {
    try (Internet internet = Internet.create()) {
      Host one = internet.host("one");
      Host alice = internet.host("alice", kind);
      try (Probe inside = new Probe(alice);
          Probe first = new Probe(one);
          Probe second = new Probe(one);
          Probe third = new Probe(internet.host("two"))) {
        InetSocketAddress seen = inside.seenBy(first);
        assertEquals(alice.nat().orElseThrow().address(), seen.getAddress());
        assertNotEquals(alice.address(), seen.getAddress());
        assertEquals(seen, inside.seenBy(second));
        assertEquals(seen, inside.seenBy(third));
      }
    }
  }

  @Test
  void aSymmetricMappingIsAnotherOneForEveryEndpoint() throws Exception {
    try (Internet internet = Internet.create()) {
      Host one = internet.host("one");
      try (Probe inside = new Probe(internet.host("alice", NatKind.SYMMETRIC));
          Probe first = new Probe(one);
          Probe second = new Probe(one);
          Probe third = new Probe(one);
          Probe fourth = new Probe(internet.host("two"))) {
        Set<InetSocketAddress> seen = new HashSet<>();
        for (Probe each : List.of(first, second, third, fourth)) {
          seen.add(inside.seenBy(each));
          assertEquals(inside.seenBy(each), inside.seenBy(each));
        }
        // Of four random ports, one may be there twice, but hardly ever two.
        assertTrue(seen.size() >= 3, seen::toString);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ENDPOINT_INDEPENDENT", "PORT_RESTRICTED", "SYMMETRIC", "CARRIER_GRADE"})
  void onlyAnEndpointIndependentFilterLetsStrangersIn(NatKind kind) throws Exception {
    boolean open = kind == NatKind.ENDPOINT_INDEPENDENT;
    try (Internet internet = Internet.create()) {
      Host one = internet.host("one");
      try (Probe inside = new Probe(internet.host("alice", kind));
          Probe known = new Probe(one);
          Probe sameAddress = new Probe(one);
          Probe stranger = new Probe(internet.host("two"))) {
        InetSocketAddress outside = inside.seenBy(known);
        sameAddress.send("from another port", outside);
        stranger.send("from another address", outside);
        known.send("from the known one", outside);
        if (open) {
          assertEquals(sameAddress.endpoint(), inside.expect("from another port"));
          assertEquals(stranger.endpoint(), inside.expect("from another address"));
        }
        inside.expect("from the known one");
        if (open) {
          inside.send("an answer", stranger.endpoint());
          assertEquals(outside, stranger.expect("an answer"));
        }
      }
    }
  }

  @Test
  void anEndpointThatHasNotSentIsNotReached() throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", NatKind.ENDPOINT_INDEPENDENT);
      try (Probe inside = new Probe(alice);
          Probe server = new Probe(internet.host("server"))) {
        InetSocketAddress expected =
            new InetSocketAddress(alice.nat().orElseThrow().address(), inside.endpoint().getPort());
        server.send("too early", expected);
        assertEquals(expected, inside.seenBy(server));
        server.send("in time", expected);
        inside.expect("in time");
      }
    }
  }

  @Test
  void twoPortRestrictedSidesPunchEachOther() throws Exception {
    try (Internet internet = Internet.create();
        Probe server = new Probe(internet.host("server"));
        Probe alice = new Probe(internet.host("alice", NatKind.PORT_RESTRICTED));
        Probe bob = new Probe(internet.host("bob", NatKind.CARRIER_GRADE))) {
      InetSocketAddress aliceOutside = alice.seenBy(server);
      InetSocketAddress bobOutside = bob.seenBy(server);
      alice.send("opens alice's side", bobOutside);
      bob.send("gets in", aliceOutside);
      assertEquals(bobOutside, alice.expect("gets in"));
      alice.send("gets in too", bobOutside);
      assertEquals(aliceOutside, bob.expect("gets in too"));
    }
  }

  private static boolean connects(Host from, Host to, int port) throws IOException {
    try (ServerSocket server = to.call(() -> new ServerSocket(port))) {
      server.setSoTimeout(Math.toIntExact(Patience.seconds(10).toMillis()));
      try (Socket socket = from.call(() -> connect(server, to));
          Socket accepted = server.accept()) {
        return accepted.getPort() != 0 && socket.isConnected();
      } catch (IOException e) {
        if (e.getCause() instanceof SocketTimeoutException) {
          return false;
        }
        throw e;
      }
    }
  }

  private static Socket connect(ServerSocket server, Host host) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(host.address(), server.getLocalPort()), 1000);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"UDP_BLOCKED", "TCP_443_ONLY"})
  void udpIsDroppedWhereItIsBlocked(NatKind kind) throws Exception {
    try (Internet internet = Internet.create()) {
      Host one = internet.host("one");
      Host alice = internet.host("alice", kind);
      try (Probe inside = new Probe(alice);
          Probe server = new Probe(one, 443);
          Probe other = new Probe(internet.host("other"))) {
        inside.send("from the inside", server.endpoint());
        assertTrue(connects(alice, one, 443));
        other.send("from elsewhere", server.endpoint());
        server.expect("from elsewhere");
      }
      assertEquals(kind == NatKind.UDP_BLOCKED, connects(alice, one, 80));
      assertTrue(connects(one, internet.host("two"), 80));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ENDPOINT_INDEPENDENT", "PORT_RESTRICTED", "CARRIER_GRADE"})
  void aHairpinLeadsBackInside(NatKind kind) throws Exception {
    try (Internet internet = Internet.create()) {
      Nat nat = internet.nat("home", kind, Hairpin.ON, LinkProfile.PERFECT);
      try (Probe server = new Probe(internet.host("server"));
          Probe alice = new Probe(nat.host("alice"));
          Probe bob = new Probe(nat.host("bob"))) {
        InetSocketAddress aliceOutside = alice.seenBy(server);
        InetSocketAddress bobOutside = bob.seenBy(server);
        if (kind == NatKind.CARRIER_GRADE) {
          // The turn is at the provider's; the translator at home still filters.
          bob.send("opens", aliceOutside);
        }
        alice.send("around the corner", bobOutside);
        assertEquals(aliceOutside, bob.expect("around the corner"));
        bob.send("and back", aliceOutside);
        assertEquals(bobOutside, alice.expect("and back"));
      }
    }
  }

  @Test
  void withoutHairpinNothingLeadsBackInside() throws Exception {
    try (Internet internet = Internet.create()) {
      Nat nat =
          internet.nat("home", NatKind.ENDPOINT_INDEPENDENT, Hairpin.OFF, LinkProfile.PERFECT);
      try (Probe server = new Probe(internet.host("server"));
          Probe alice = new Probe(nat.host("alice"));
          Probe bob = new Probe(nat.host("bob"))) {
        InetSocketAddress bobOutside = bob.seenBy(server);
        alice.send("around the corner", bobOutside);
        alice.send("straight", bob.endpoint());
        assertEquals(alice.endpoint(), bob.expect("straight"));
      }
    }
  }

  @Test
  void whatMakesNoSenseIsRefused() throws Exception {
    try (Internet internet = Internet.create()) {
      assertThrows(
          IllegalArgumentException.class,
          () -> internet.nat("a", NatKind.NONE, Hairpin.OFF, LinkProfile.PERFECT));
      assertThrows(
          IllegalArgumentException.class,
          () -> internet.nat("a", NatKind.SYMMETRIC, Hairpin.ON, LinkProfile.PERFECT));
      assertThrows(IllegalArgumentException.class, () -> internet.host("A b"));
      internet.host("a");
      IOException twice = assertThrows(IOException.class, () -> internet.host("a"));
      assertTrue(twice.toString().contains("File exists"), twice::toString);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ENDPOINT_INDEPENDENT", "PORT_RESTRICTED", "SYMMETRIC", "CARRIER_GRADE"})
  void aRebootForgetsEveryMapping(NatKind kind) throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", kind);
      try (Probe server = new Probe(internet.host("server"));
          Probe inside = new Probe(alice)) {
        InetSocketAddress before = inside.seenBy(server);
        server.send("before", before);
        inside.expect("before");
        alice.nat().orElseThrow().reboot();
        server.send("lost", before);
        InetSocketAddress after = inside.seenBy(server);
        assertEquals(kind.hasStableMapping(), before.equals(after), before + " and " + after);
        server.send("after", after);
        inside.expect("after");
      }
    }
  }

  @Test
  void aTranslatorWithANewAddressIsSeenAsAnother() throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", NatKind.PORT_RESTRICTED);
      Nat nat = alice.nat().orElseThrow();
      try (Probe server = new Probe(internet.host("server"));
          Probe inside = new Probe(alice)) {
        InetSocketAddress before = inside.seenBy(server);
        nat.changeAddress();
        server.send("lost", before);
        InetSocketAddress after = inside.seenBy(server);
        assertNotEquals(before.getAddress(), after.getAddress());
        assertEquals(nat.address(), after.getAddress());
        server.send("found", after);
        inside.expect("found");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NONE", "PORT_RESTRICTED"})
  void aHostThatMovesKeepsSendingFromItsNewAddress(NatKind kind) throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", kind);
      try (Probe server = new Probe(internet.host("server"));
          Probe inside = new Probe(alice)) {
        InetSocketAddress endpoint = inside.endpoint();
        InetSocketAddress before = inside.seenBy(server);
        alice.changeAddress();
        assertNotEquals(endpoint, inside.endpoint());
        server.send("lost", before);
        InetSocketAddress after = inside.seenBy(server);
        assertEquals(kind == NatKind.NONE, !before.getAddress().equals(after.getAddress()));
        server.send("found", after);
        inside.expect("found");
      }
    }
  }

  @Test
  void aLongInternetEndsPacketsThatMayNotGoFarEnough() throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.dualStack("alice", LinkProfile.PERFECT);
      Host bob = internet.dualStack("bob", LinkProfile.PERFECT);
      assertTrue(gets(alice, bob.address(), 4));
      internet.lengthen(10);
      for (InetAddress there : List.of(bob.address(), bob.ipv6().orElseThrow())) {
        assertFalse(gets(alice, there, 10), there::toString);
        assertTrue(gets(alice, there, 11), there::toString);
      }
      internet.lengthen(3);
      assertFalse(gets(alice, bob.address(), 3));
      assertTrue(gets(alice, bob.address(), 4));
    }
  }

  /** Whether a packet that may pass so many routers gets there; on its way back it may pass any. */
  private static boolean gets(Host host, InetAddress there, int hops) throws Exception {
    String told =
        output(host.command(List.of("ping", "-c1", "-W10", "-t" + hops, there.getHostAddress())));
    assertTrue(told.contains("ttl=") || told.contains("exceeded"), told);
    return told.contains("ttl=");
  }

  @Test
  void nothingGetsThroughALinkThatIsCut() throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", NatKind.PORT_RESTRICTED);
      try (Probe server = new Probe(internet.host("server"));
          Probe inside = new Probe(alice)) {
        InetSocketAddress outside = inside.seenBy(server);
        for (Link link : List.of(alice.link(), alice.nat().orElseThrow().link())) {
          link.cut();
          inside.send("lost on its way out", server.endpoint());
          server.send("lost on its way in", outside);
          link.mend();
          assertEquals(outside, inside.seenBy(server));
          server.send("hello again", outside);
          inside.expect("hello again");
        }
      }
    }
  }

  private static String output(ProcessBuilder builder) throws Exception {
    Process process = builder.redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      assertTrue(process.waitFor(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aCommandRunsInItsHost() throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", NatKind.PORT_RESTRICTED);
      String addresses = output(alice.command(List.of("ip", "-o", "-4", "address")));
      assertTrue(addresses.contains(alice.address().getHostAddress() + "/32"), addresses);
      assertEquals(2, addresses.lines().count(), addresses);
    }
  }

  @Test
  void closingEndsAndRemovesEverything() throws Exception {
    Internet internet = Internet.create();
    Host alice = internet.host("alice", NatKind.CARRIER_GRADE);
    Process process = alice.command(List.of("sh", "-c", "echo inside; exec sleep 600")).start();
    try {
      assertEquals("inside", process.inputReader().readLine());
      assertEquals(4, namespaces(internet.prefix()).size());
      internet.close();
      assertTrue(process.waitFor(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      assertEquals(List.of(), namespaces(internet.prefix()));
      internet.close();
    } finally {
      process.destroyForcibly();
      internet.close();
    }
  }

  @Test
  void everythingIsRemovedAfterAFailure() throws Exception {
    String[] prefix = {""};
    assertThrows(
        IOException.class,
        () -> {
          try (Internet internet = Internet.create()) {
            prefix[0] = internet.prefix();
            internet.host("alice");
            internet.host("alice");
          }
        });
    assertFalse(prefix[0].isEmpty());
    assertEquals(List.of(), namespaces(prefix[0]));
  }

  @Test
  void internetsLiveSideBySide() throws Exception {
    try (Internet one = Internet.create();
        Internet other = Internet.create()) {
      assertNotEquals(one.prefix(), other.prefix());
      try (Probe server = new Probe(one.host("server"), 1000);
          Probe alice = new Probe(one.host("alice"));
          Probe server2 = new Probe(other.host("server"), 1000);
          Probe alice2 = new Probe(other.host("alice"))) {
        assertEquals(server.endpoint(), server2.endpoint());
        alice.send("here", server.endpoint());
        alice2.send("there", server2.endpoint());
        server.expect("here");
        server2.expect("there");
      }
    }
  }

  /** Makes an internet and does not close it; ends by itself unless it has an argument. */
  static final class Careless {
    private Careless() {}

    public static void main(String[] arguments) throws IOException {
      Internet internet = Internet.create();
      internet.host("alice");
      System.out.println(internet.prefix());
      if (arguments.length > 0) {
        System.in.read();
      }
      System.exit(0);
    }
  }

  /** Uses virtual threads for the first time within a host, and then outside. */
  static final class Carried {
    private Carried() {}

    private static String network() throws IOException {
      return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    }

    private static String carried() throws Exception {
      FutureTask<String> task = new FutureTask<>(Carried::network);
      Thread.ofVirtual().start(task);
      return task.get();
    }

    public static void main(String[] arguments) throws Exception {
      try (Internet internet = Internet.create()) {
        Host alice = internet.host("alice");
        String _ = alice.call(Carried::carried);
        for (int i = 0; i < 100; i++) {
          if (!carried().equals(network())) {
            System.out.println("elsewhere");
            return;
          }
        }
        System.out.println("here");
      }
    }
  }

  @Test
  void virtualThreadsThatAreFirstUsedInAHostStayOutsideOfIt() throws Exception {
    Process process = run(Carried.class);
    try {
      assertEquals("here", process.inputReader().readLine());
    } finally {
      process.destroyForcibly();
    }
  }

  private static Process careless(String... arguments) throws IOException {
    return run(Careless.class, arguments);
  }

  private static Process run(Class<?> main, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  @Test
  void theEndOfTheJvmRemovesEverything() throws Exception {
    Process process = careless();
    try {
      String prefix = process.inputReader().readLine();
      assertTrue(process.waitFor(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
      assertEquals(0, process.exitValue());
      assertTrue(prefix.startsWith("gw" + process.pid() + "-"), prefix);
      assertEquals(List.of(), namespaces(prefix));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void whatAKilledJvmLeavesBehindIsRemoved() throws Exception {
    Process process = careless("wait");
    try {
      String prefix = process.inputReader().readLine();
      Internet.removeLeftovers();
      assertEquals(2, namespaces(prefix).size());
      process.destroyForcibly();
      assertTrue(process.waitFor(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
      Internet.removeLeftovers();
      assertEquals(List.of(), namespaces(prefix));
    } finally {
      process.destroyForcibly();
    }
  }

  private static String exchange(Host from, Host to) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("::"), 0);
    try (DatagramSocket here = from.call(() -> new DatagramSocket(any));
        DatagramSocket there = to.call(() -> new DatagramSocket(any))) {
      there.setSoTimeout(2000);
      here.setSoTimeout(2000);
      byte[] text = {'a'};
      InetSocketAddress target =
          new InetSocketAddress(to.ipv6().orElseThrow(), there.getLocalPort());
      here.send(new DatagramPacket(text, 1, target));
      DatagramPacket packet = new DatagramPacket(new byte[10], 10);
      try {
        there.receive(packet);
        String seen = packet.getAddress().getHostAddress();
        there.send(new DatagramPacket(text, 1, packet.getSocketAddress()));
        here.receive(packet);
        return seen;
      } catch (SocketTimeoutException e) {
        return "nothing";
      }
    }
  }

  @Test
  void anIpv6OnlyHostIsSeenAsItIsAndLetsNobodyInUnasked() throws Exception {
    try (Internet internet = Internet.create()) {
      Host server = internet.dualStack("server", LinkProfile.PERFECT);
      Host alice = internet.host("alice", NatKind.IPV6_ONLY);
      assertEquals(alice.address(), alice.ipv6().orElseThrow());
      assertEquals(alice.address().getHostAddress(), exchange(alice, server));
      assertEquals("nothing", exchange(server, alice));
      assertEquals("nothing", exchange(internet.host("bob", NatKind.IPV6_ONLY), alice));
    }
  }

  @Test
  void twoIpv6OnlyHostsPunchEachOther() throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", NatKind.IPV6_ONLY);
      Host bob = internet.host("bob", NatKind.IPV6_ONLY);
      InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("::"), 0);
      try (DatagramSocket one = alice.call(() -> new DatagramSocket(any));
          DatagramSocket other = bob.call(() -> new DatagramSocket(any))) {
        one.setSoTimeout(Math.toIntExact(Patience.seconds(10).toMillis()));
        byte[] text = {'a'};
        one.send(
            new DatagramPacket(
                text, 1, new InetSocketAddress(bob.address(), other.getLocalPort())));
        other.send(
            new DatagramPacket(
                text, 1, new InetSocketAddress(alice.address(), one.getLocalPort())));
        DatagramPacket packet = new DatagramPacket(new byte[10], 10);
        one.receive(packet);
        assertEquals(bob.address(), packet.getAddress());
      }
    }
  }

  @Test
  void anIpv6OnlyHostDoesNotReachIpv4() throws Exception {
    try (Internet internet = Internet.create()) {
      Host alice = internet.host("alice", NatKind.IPV6_ONLY);
      Host server = internet.dualStack("server", LinkProfile.PERFECT);
      assertThrows(IOException.class, () -> connects(alice, server, 80));
      assertTrue(connects(internet.host("bob", NatKind.PORT_RESTRICTED), server, 80));
    }
  }
}
