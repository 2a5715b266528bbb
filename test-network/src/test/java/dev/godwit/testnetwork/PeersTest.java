package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import org.junit.jupiter.api.Test;

/** Who is there, seen from a node that is there itself. */
class PeersTest extends MeshForAll {
  @Test
  void aProcessOfThisNodeIsMarkedAsThatAndIsNobodyElse() throws Exception {
    try (ChildProcess _ = alice.seed("vm1", StateFile.random(world.path("state"), 4096, 1))) {
      Outcome own = alice.run("peers").succeeded();
      assertTrue(own.out().contains("Nobody else is there right now."), own::out);
      assertTrue(own.out().contains("1 resource, this node"), own::out);
      Outcome other = bob.run("peers").succeeded();
      assertTrue(other.out().startsWith("alice  1 resource  "), other::out);
      try (ChildProcess peers = alice.start("peers")) {
        assertEquals("true", peers.await("peer", PATIENCE).get("thisNode"));
      }
      try (ChildProcess peers = bob.start("peers")) {
        assertEquals("false", peers.await("peer", PATIENCE).get("thisNode"));
      }
    }
  }
}
