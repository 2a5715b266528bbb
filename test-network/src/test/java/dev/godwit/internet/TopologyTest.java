package dev.godwit.internet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TopologyTest {
  private static final LinkProfile PERFECT = LinkProfile.PERFECT;

  @Test
  void aLineIsAMachine() {
    Topology topology =
        Topology.parse(
            """
            # Who talks to whom.
            hub: public
            alice: port-restricted   # at home

            bob:symmetric,delay 20ms , loss 0.1%,rate 100mbit
            """);
    assertEquals(
        List.of(
            new Topology.Single("hub", NatKind.NONE, PERFECT),
            new Topology.Single("alice", NatKind.PORT_RESTRICTED, PERFECT),
            new Topology.Single(
                "bob",
                NatKind.SYMMETRIC,
                PERFECT.withDelay(Duration.ofMillis(20)).withLoss(0.001).withRate(100_000_000))),
        topology.machines());
  }

  @Test
  void hostsShareATranslator() {
    assertEquals(
        List.of(
            new Topology.Home(
                "home",
                NatKind.ENDPOINT_INDEPENDENT,
                Hairpin.ON,
                PERFECT
                    .withDelay(Duration.ofNanos(1_500_000))
                    .withJitter(Duration.ofNanos(20_000))),
            new Topology.Member("carol", "home"),
            new Topology.Member("dave", "home")),
        Topology.parse(
                """
                home: nat endpoint-independent, hairpin, jitter 20us, delay 1.5 ms
                carol: behind home
                dave: behind home
                """)
            .machines());
  }

  @ParameterizedTest
  @EnumSource(NatKind.class)
  void everyKindHasAWord(NatKind kind) {
    String word =
        kind == NatKind.NONE ? "public" : kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    assertEquals(
        List.of(new Topology.Single("a", kind, PERFECT)), Topology.parse("a: " + word).machines());
  }

  @Test
  void everyOptionIsUnderstood() {
    LinkProfile all =
        new LinkProfile(
            Duration.ofSeconds(1), Duration.ofMillis(2), 0.5, 0.03, 2_500_000_000L, 64 * 1024);
    assertEquals(
        List.of(new Topology.Single("a", NatKind.NONE, all)),
        Topology.parse(
                "a: public, delay 1s, jitter 2ms, loss 50%, reordering 3%, rate 2.5gbit, queue"
                    + " 64KiB")
            .machines());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          hub                        | 'hub' is not a name, a colon and what it is, as in 'hub: public'
          A b: public                | 'A b' is not a name: a letter and up to 30 letters, digits and '-', all small
          a: open                    | 'open' is none of public, endpoint-independent, port-restricted, symmetric, carrier-grade, udp-blocked, tcp-443-only, ipv6-only, 'nat' and one of these, or 'behind' and a nat's name
          a: public, delay 20        | the unit of 'delay 20' is none of ms, s, us
          a: public, rate 1MB        | the unit of 'rate 1MB' is none of gbit, kbit, mbit
          a: public, delay           | 'delay' is not an option with a number, as in 'delay 20ms'
          a: public, color 3         | 'color' is none of delay, jitter, loss, reordering, rate, queue and hairpin
          a: public, loss 1%, loss 2% | 'loss' is there twice
          a: public, loss 101%       | loss is from 0 to 1, not 1.01
          a: public, jitter 1ms      | jitter is from 0 to the delay, which is PT0S, not PT0.001S
          a: behind b                | no line before this one is 'b: nat' and its kind
          a: nat symmetric, hairpin  | a SYMMETRIC translator has no hairpin
          a: nat public              | no translation needs no translator
          a: port-restricted, hairpin | a hairpin needs hosts that share a translator: 'home: nat port-restricted'
          """)
  void whatIsWrongIsSaidWithItsLine(String line, String why) {
    TopologyException wrong =
        assertThrows(TopologyException.class, () -> Topology.parse("hub2: public\n\n" + line));
    assertEquals("line 3: " + why, wrong.getMessage());
  }

  @Test
  void aNameIsThereOnce() {
    TopologyException wrong =
        assertThrows(TopologyException.class, () -> Topology.parse("a: public\na: public"));
    assertEquals("line 2: there is a 'a' already", wrong.getMessage());
  }

  @Test
  void aMemberHasNoLinkToTheInternet() {
    TopologyException wrong =
        assertThrows(
            TopologyException.class,
            () -> Topology.parse("home: nat symmetric\na: behind home, delay 1ms"));
    assertEquals(
        "line 2: the link to the internet is that of 'home': say it there", wrong.getMessage());
  }

  @Test
  void itBecomesAnInternet() throws Exception {
    Topology topology =
        Topology.parse(
            """
            hub: public, delay 1ms
            home: nat port-restricted
            alice: behind home
            bob: symmetric, rate 10mbit
            """);
    try (Internet internet = topology.build(1);
        Probe hub = new Probe(internet.named("hub"));
        Probe alice = new Probe(internet.named("alice"));
        Probe bob = new Probe(internet.named("bob"))) {
      assertEquals(
          internet.named("alice").nat().orElseThrow().address(), alice.seenBy(hub).getAddress());
      assertEquals(
          internet.named("bob").nat().orElseThrow().address(), bob.seenBy(hub).getAddress());
      assertThrows(IllegalArgumentException.class, () -> internet.named("carol"));
    }
  }

  @Test
  void whatCannotBeBuiltLeavesNothingBehind() throws Exception {
    String mine = "gw" + ProcessHandle.current().pid() + "-";
    List<String> before = Namespace.names(name -> name.startsWith(mine));
    // The translator of the second would be called like the first.
    Topology topology = Topology.parse("a-nat: public\na: symmetric");
    assertThrows(IOException.class, () -> topology.build(1));
    assertEquals(before, Namespace.names(name -> name.startsWith(mine)));
  }
}
