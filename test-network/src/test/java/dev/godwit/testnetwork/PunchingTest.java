package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.NatKind;
import dev.godwit.signaling.HubAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real nodes behind NATs meet, without a relay, wherever RFC 5128 says that they can. */
@Timeout(180)
class PunchingTest {
  @TempDir Path directory;

  @ParameterizedTest(name = "{0} seeds, {1} leeches: {2}")
  @CsvSource({
    "NONE,                 NONE,                 direct",
    "PORT_RESTRICTED,      NONE,                 punched",
    "NONE,                 PORT_RESTRICTED,      direct",
    "PORT_RESTRICTED,      PORT_RESTRICTED,      punched",
    "CARRIER_GRADE,        PORT_RESTRICTED,      punched",
    "SYMMETRIC,            ENDPOINT_INDEPENDENT, punched",
    "ENDPOINT_INDEPENDENT, SYMMETRIC,            punched",
    "SYMMETRIC,            NONE,                 punched",
  })
  void nodesBehindNatsMeet(NatKind seeds, NatKind leeches, String path) throws Exception {
    byte[] state = new byte[3 << 20];
    new Random(7).nextBytes(state);
    try (Internet internet = Internet.create();
        World world = World.in(directory)) {
      Host server = internet.host("hub");
      HubAddress _ = world.hub(Place.on(server), server.address().getHostAddress() + ":7007");
      Member alice = world.stranger("alice", Place.on(internet.host("alice", seeds)));
      Member bob = world.stranger("bob", Place.on(internet.host("bob", leeches)));
      world.found(Place.on(server), List.of(alice, bob));
      Path from = Files.write(world.path("state"), state);
      Path to = world.path("moved");
      alice.seed("vm", from);
      ChildProcess leech = bob.leech("alice/vm", to, "--transport", "quic");
      String taken = leech.await("ready", PATIENCE).getOrDefault("path", "");
      leech.await("complete", PATIENCE);
      assertTrue(taken.startsWith(path + " quic "), taken);
      assertEquals(-1, Files.mismatch(from, to));
    }
  }
}
