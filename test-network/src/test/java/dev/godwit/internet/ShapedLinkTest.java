package dev.godwit.internet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShapedLinkTest {
  private static ShapedLink link(Link link) {
    return assertInstanceOf(ShapedLink.class, link);
  }

  @Test
  void aPacketTravelsAtLeastAsLongAsItSays() throws Exception {
    LinkProfile slow = LinkProfile.PERFECT.withDelay(Duration.ofMillis(30));
    try (Internet internet = Internet.create();
        Probe server = new Probe(internet.host("server"));
        Probe alice = new Probe(internet.host("alice", NatKind.PORT_RESTRICTED, slow))) {
      long start = System.nanoTime();
      InetSocketAddress outside = alice.seenBy(server);
      server.send("and back", outside);
      alice.expect("and back");
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      assertTrue(took.compareTo(Duration.ofMillis(60)) >= 0, took::toString);
    }
  }

  @Test
  void itCountsWhatComes() throws Exception {
    LinkProfile profile = LinkProfile.PERFECT.withDelay(Duration.ofMillis(1));
    try (Internet internet = Internet.create()) {
      Host host = internet.host("alice", NatKind.NONE, profile);
      try (Probe server = new Probe(internet.host("server"));
          Probe alice = new Probe(host)) {
        ShapedLink link = link(host.link());
        assertEquals(new LinkStats(0, 0, 0, 0), link.outward());
        alice.seenBy(server);
        // IP and UDP headers, and the text.
        assertEquals(new LinkStats(1, 20 + 8 + 8, 0, 0), link.outward());
        assertEquals(new LinkStats(0, 0, 0, 0), link.inward());
      }
    }
  }

  private static List<String> survivors(long seed) throws Exception {
    LinkProfile lossy = LinkProfile.PERFECT.withLoss(0.5);
    try (Internet internet = Internet.create(seed)) {
      Host host = internet.host("alice", NatKind.NONE, lossy);
      try (Probe server = new Probe(internet.host("server"));
          Probe other = new Probe(internet.host("other"));
          Probe alice = new Probe(host)) {
        for (int i = 0; i < 50; i++) {
          alice.send(Integer.toString(i), server.endpoint());
        }
        ShapedLink link = link(host.link());
        link.cut();
        other.send("the end", server.endpoint());
        List<String> texts = new ArrayList<>();
        for (String text = server.receive(); !text.equals("the end"); text = server.receive()) {
          texts.add(text);
        }
        assertEquals(50, link.outward().packets());
        assertEquals(50 - texts.size(), link.outward().lost());
        return texts;
      }
    }
  }

  @Test
  void theSameSeedLosesTheSamePackets() throws Exception {
    List<String> survivors = survivors(11);
    assertTrue(survivors.size() > 5 && survivors.size() < 45, survivors::toString);
    assertEquals(survivors, survivors(11));
  }

  @Test
  void whatIsOnALinkWhenItIsCutNeverArrives() throws Exception {
    LinkProfile slow = LinkProfile.PERFECT.withDelay(Duration.ofSeconds(3));
    try (Internet internet = Internet.create()) {
      Host host = internet.host("alice", NatKind.NONE, slow);
      try (Probe server = new Probe(internet.host("server"));
          Probe alice = new Probe(host)) {
        alice.send("too late", server.endpoint());
        host.link().cut();
        alice.send("without a link", server.endpoint());
        host.link().mend();
        assertEquals(new LinkStats(2, 2 * 28 + 8 + 14, 0, 2), link(host.link()).outward());
        alice.seenBy(server);
      }
    }
  }

  @Test
  void aPacketThatOvertakesArrivesFirst() throws Exception {
    LinkProfile profile = LinkProfile.PERFECT.withDelay(Duration.ofMillis(200)).withReordering(0.3);
    try (Internet internet = Internet.create(3);
        Probe server = new Probe(internet.host("server"));
        Probe alice = new Probe(internet.host("alice", NatKind.NONE, profile))) {
      List<String> sent = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        sent.add("packet " + i);
        alice.send(sent.getLast(), server.endpoint());
      }
      List<String> arrived = new ArrayList<>();
      for (int i = 0; i < sent.size(); i++) {
        arrived.add(server.receive());
      }
      assertTrue(!arrived.equals(sent), arrived::toString);
      arrived.removeAll(sent);
      assertEquals(List.of(), arrived);
    }
  }
}
