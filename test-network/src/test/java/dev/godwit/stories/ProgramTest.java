package dev.godwit.stories;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testnetwork.World;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/tutorials/program.md}. */
class ProgramTest {
  @Test
  void aProgramRunsWithATenthOfItHere(@TempDir Path directory) throws Exception {
    try (World world = World.in(directory)) {
      Story story = Story.of(world, "alice", "bob");
      story.tell("program");
      assertEquals(2, story.outcomes("./tool").size());
      Here here = story.here("alice/tool").getFirst();
      assertTrue(here.bytes() > 0 && here.share() < 0.1, here::toString);
    }
  }
}
