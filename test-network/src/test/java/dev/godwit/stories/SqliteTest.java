package dev.godwit.stories;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testnetwork.World;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/tutorials/sqlite.md}. */
class SqliteTest {
  @Test
  void aQueryFetchesLessThanAHundredthOfTheDatabase(@TempDir Path directory) throws Exception {
    try (World world = World.in(directory)) {
      Story story = Story.of(world, "alice", "bob");
      story.tell("sqlite");
      Here here = story.here("alice/places").getFirst();
      assertTrue(here.total() > 64 << 20, here::toString);
      assertTrue(here.bytes() > 0 && here.share() < 0.01, here::toString);
    }
  }
}
