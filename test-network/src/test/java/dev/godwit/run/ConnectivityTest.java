package dev.godwit.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.internet.NatKind;
import dev.godwit.path.Way;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A part of the matrix that is soon run, and what it is compared with. */
class ConnectivityTest {
  @TempDir Path directory;

  @Test
  void everyPairOfTheseKindsConnectsOverEveryTransport() throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    Path table = directory.resolve("table.md");
    Path world = Files.createDirectory(directory.resolve("world"));
    boolean good =
        Connectivity.run(
            new PrintStream(printed, true, StandardCharsets.UTF_8),
            world,
            List.of(
                "--kinds",
                "public,ipv6-only,port-restricted",
                "--transports",
                "quic,tls,relay,automatic",
                "--slack",
                "100",
                "--table",
                table.toString()));
    assertTrue(good, () -> printed.toString(StandardCharsets.UTF_8));
    String markdown = Files.readString(table);
    assertTrue(markdown.contains("| port-restricted → port-restricted | punched quic"), markdown);
    assertTrue(markdown.contains("| ipv6-only → ipv6-only | direct quic"), markdown);
    assertTrue(markdown.contains("| ipv6-only → port-restricted | - | - | relay"), markdown);
  }

  @ParameterizedTest
  @EnumSource(NatKind.class)
  void whatKeepsAPairApartDoesSoInBothDirections(NatKind kind) {
    for (NatKind other : NatKind.values()) {
      for (Way way : Way.values()) {
        assertEquals(
            Reachability.obstacle(kind, other, way), Reachability.obstacle(other, kind, way));
      }
    }
  }

  @Test
  void withoutUdpIceReachesWhoeverLetsTcpIn() {
    assertEquals(
        Optional.empty(), Reachability.obstacle(NatKind.UDP_BLOCKED, NatKind.NONE, Way.WEBRTC));
    assertTrue(
        Reachability.obstacle(NatKind.UDP_BLOCKED, NatKind.PORT_RESTRICTED, Way.WEBRTC)
            .isPresent());
  }

  @Test
  void aSymmetricNatIsReachedWhereTheOtherOneLetsEverybodyIn() {
    for (Way way : List.of(Way.QUIC, Way.TLS)) {
      assertEquals(
          Optional.empty(),
          Reachability.obstacle(NatKind.SYMMETRIC, NatKind.ENDPOINT_INDEPENDENT, way));
      assertTrue(
          Reachability.obstacle(NatKind.SYMMETRIC, NatKind.PORT_RESTRICTED, way).isPresent());
    }
  }
}
