package dev.godwit.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testnetwork.World;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code test-network/bench hub} measures is right, on a smaller scale. */
class HubCrowdTest {
  private static final int NODES = 500;
  private static final int MESSAGES = 5000;
  private static final int IN_FLIGHT = 200;
  private static final long HUB_MIB = 512;

  @Test
  void everyMessageOfManyNodesArrivesWhereItShould(@TempDir Path directory) throws Exception {
    long seed = System.nanoTime();
    try (World world = World.in(directory)) {
      HubTraffic traffic = new HubTraffic(MESSAGES, IN_FLIGHT, seed);
      try (HubCrowd crowd = HubCrowd.gather(world.hub(), NODES, traffic, new SecureRandom())) {
        traffic.between(crowd.nodes());
        assertEquals(MESSAGES, traffic.send(Duration.ofSeconds(60), 0));
        assertTrue(traffic.settle(), () -> "seed " + seed + ": " + traffic);
        assertEquals(MESSAGES, traffic.arrived(), () -> "seed " + seed + ": " + traffic);
        assertEquals(0, traffic.wrong(), () -> "seed " + seed + ": " + traffic);
        assertEquals(0, traffic.undelivered(), () -> "seed " + seed + ": " + traffic);
        assertTrue(HubBench.residentMiB(world.hubProcess().pid()) <= HUB_MIB);
      }
    }
  }
}
