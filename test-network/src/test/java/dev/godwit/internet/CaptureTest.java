package dev.godwit.internet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptureTest {
  private static final LinkProfile SHAPED = LinkProfile.PERFECT.withQueue(1000);

  /** A millisecond later with every look. */
  private static InstantSource clock() {
    AtomicLong millis = new AtomicLong(1_000_000);
    return () -> Instant.ofEpochMilli(millis.getAndIncrement());
  }

  @Test
  void allPacketsAreInTheFileAndInTheDrawing(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("packets.pcap");
    try (Internet internet = Internet.create()) {
      Host host = internet.host("alice", NatKind.NONE, SHAPED);
      Host hub = internet.host("hub");
      try (Probe server = new Probe(hub, 1000);
          Probe alice = new Probe(host, 2000)) {
        ShapedLink link = assertInstanceOf(ShapedLink.class, host.link());
        alice.seenBy(server);
        Capture capture = link.capture(file, clock());
        try (capture) {
          assertThrows(IllegalStateException.class, () -> link.capture(file, clock()));
          InetSocketAddress seen = alice.seenBy(server);
          server.send("one", seen);
          server.send("three", seen);
          alice.expect("one");
          alice.expect("three");
        }
        alice.seenBy(server);
      }
      Map<InetAddress, String> names = Map.of(host.address(), "alice", hub.address(), "hub");
      assertEquals(
          """
          sequenceDiagram
            participant alice
            participant hub
            alice->>hub: 0.000 ms UDP 2000 to 1000, 36 bytes
            hub->>alice: 1.000 ms UDP 1000 to 2000, 2 packets, 64 bytes
          """,
          PacketFlow.draw(file, names, 10));
      assertTrue(PacketFlow.draw(file, names, 1).endsWith("  Note over alice: 2 more packets\n"));
      assertTrue(
          PacketFlow.draw(file, Map.of(), 10).contains(hub.address().getHostAddress() + "->>"));
    }
  }

  @Test
  void aFileThatIsNoWholeCaptureIsRefused(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("packets.pcap");
    try (Internet internet = Internet.create()) {
      Host host = internet.host("alice", NatKind.NONE, SHAPED);
      try (Probe server = new Probe(internet.host("hub"));
          Probe alice = new Probe(host)) {
        ShapedLink link = assertInstanceOf(ShapedLink.class, host.link());
        Capture capture = link.capture(file, clock());
        alice.seenBy(server);
        capture.close();
      }
    }
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length++) {
      if (length != Capture.HEADER_SIZE) {
        Files.write(file, Arrays.copyOf(whole, length));
        assertThrows(IOException.class, () -> PacketFlow.draw(file, Map.of(), 10));
      }
    }
    Files.write(file, whole);
    assertTrue(PacketFlow.draw(file, Map.of(), 10).contains("UDP"));
  }
}
