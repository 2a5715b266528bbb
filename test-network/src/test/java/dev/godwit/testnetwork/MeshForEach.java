package dev.godwit.testnetwork;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests that have a world each, with a mesh of alice, who made it, and bob. */
abstract class MeshForEach {
  World world;
  Member alice;
  Member bob;

  @BeforeEach
  void found(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    List<Member> members = world.mesh("alice", "bob");
    alice = members.get(0);
    bob = members.get(1);
  }

  @AfterEach
  void end() throws Exception {
    world.close();
  }
}
