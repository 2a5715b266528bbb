package dev.godwit.testnetwork;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Tests of a class that share a world, with a mesh of alice, who made it, and bob. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class MeshForAll {
  World world;
  Member alice;
  Member bob;

  @BeforeAll
  void found(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    List<Member> members = world.mesh("alice", "bob");
    alice = members.get(0);
    bob = members.get(1);
  }

  @AfterAll
  void end() throws Exception {
    world.close();
  }
}
