package dev.godwit.stories;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testnetwork.LoopDevices;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/tutorials/swap.md}. Needs root. */
class SwapTest {
  private static final Path SWAPS = Path.of("/proc/swaps");

  @TempDir private Path directory;

  /** The group of processes that the page makes; it can be removed when they have ended. */
  @AfterEach
  void ungroup() throws IOException {
    Path name = directory.resolve("bob/group");
    if (Files.exists(name)) {
      Files.deleteIfExists(Path.of(Files.readString(name).strip()));
    }
  }

  @Test
  void pagesGoToAnotherMachineAndComeBack() throws Exception {
    try (World world = World.in(directory);
        LoopDevices loops = LoopDevices.of(world)) {
      // With other swap space nobody knows where the pages go: the new one comes last.
      boolean alone = Files.readAllLines(SWAPS).size() == 1;
      Story story = Story.of(world, "alice", "bob");
      story.tell("swap");
      String said = story.outcomes("./limited").getFirst().out();
      assertTrue(last(said) > 100, said);
      String du = story.outcomes("du -m").getFirst().out();
      int took = Integer.parseInt(du.substring(0, du.indexOf('\t')));
      assertTrue(took >= (alone ? 32 : 1), "MiB in alice's memory: " + du);
      assertEquals(0, loops.release(), "devices that the page has left");
    }
  }

  private static long last(String said) {
    return Long.parseLong(said.strip().replaceAll("(?s).* ", ""));
  }
}
