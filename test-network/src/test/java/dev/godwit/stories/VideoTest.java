package dev.godwit.stories;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testnetwork.Outcome;
import dev.godwit.testnetwork.World;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/tutorials/video.md}. */
class VideoTest {
  @Test
  void aFilmPlaysWithUnderThreeHundredthsOfIt(@TempDir Path directory) throws Exception {
    try (World world = World.in(directory)) {
      Story story = Story.of(world, "alice", "bob");
      story.tell("video");
      List<Outcome> sums = story.outcomes("ffmpeg -v error -t 1 ");
      assertEquals(2, sums.size());
      assertEquals(sums.getLast().out(), sums.getFirst().out(), "what bob sees, and alice");
      List<Here> here = story.here("alice/film");
      assertEquals(2, here.size());
      assertTrue(here.getLast().total() > 100 << 20, here::toString);
      assertTrue(here.getLast().share() < 0.03, here::toString);
      assertTrue(here.getFirst().share() < here.getLast().share(), here::toString);
    }
  }
}
