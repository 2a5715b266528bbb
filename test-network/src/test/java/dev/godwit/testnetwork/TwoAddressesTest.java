package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.signaling.HubAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node on a machine that has two addresses. */
class TwoAddressesTest {
  /** UDP is answered from the machine's first address; TCP is from the one that was asked. */
  @Test
  void aNodeIsReachedAtItsSecondAddressWhenTheFirstOneIsOutOfReach(@TempDir Path directory)
      throws Exception {
    try (Internet internet = Internet.create();
        World world = World.in(directory)) {
      Host server = internet.host("hub");
      HubAddress _ = world.hub(Place.on(server), server.address().getHostAddress() + ":7007");
      Host near = internet.host("alice");
      Host far = internet.host("bob");
      String second = near.addAddress().getHostAddress();
      internet.sever(near, far);
      Member alice = world.stranger("alice", Place.on(near));
      Member bob = world.stranger("bob", Place.on(far));
      world.found(Place.on(server), List.of(alice, bob));
      Path from = StateFile.create(world.path("state"), 3 << 20, 1 << 20, 1);
      Path to = world.path("moved");
      try (ChildProcess _ = alice.seed("state", from);
          ChildProcess leech = bob.leech("alice/state", to)) {
        String path = leech.await("ready", PATIENCE).getOrDefault("path", "");
        assertTrue(path.startsWith("direct ") && path.contains(second), path);
        leech.await("complete", PATIENCE);
        assertEquals(-1, Files.mismatch(from, to));
      }
    }
  }
}
