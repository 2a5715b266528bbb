package dev.godwit.stories;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.stories.Story.Told;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.Place;
import dev.godwit.testnetwork.World;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/tutorials/game.md}, over the link that it speaks of. Needs root. */
class GameTest {
  private static final LinkProfile LINK =
      LinkProfile.PERFECT.withDelay(Duration.ofMillis(25)).withRate(25_000_000).withQueue(1 << 20);

  /** Of the archive. */
  private static final long SIZE = 200 << 20;

  /** What the page waits for: more than a level, and a tenth. */
  private static final long TITLE = SIZE / 10;

  @Test
  void aLevelIsLoadedLongBeforeTheGameAndEarlierAtTheSecondStart(@TempDir Path directory)
      throws Exception {
    try (Internet internet = Internet.create(7);
        World world = World.in(directory)) {
      Host server = internet.host("hub");
      Place hub = Place.amongMounts(server);
      Place near = Place.amongMounts(internet.host("alice"));
      Place far = Place.amongMounts(internet.host("bob", NatKind.NONE, LINK));
      var _ = world.hub(hub, server.address().getHostAddress() + ":443");
      Member alice = world.stranger("alice", near);
      Member bob = world.stranger("bob", far);
      world.found(hub, List.of(alice, bob));
      Story story = new Story(world);
      story.on(alice, near);
      story.on(bob, far);
      story.waitAfterMounting(TITLE);
      story.tell("game");
      List<Long> loaded = story.told("./play").stream().map(Told::here).toList();
      assertEquals(2, loaded.size());
      assertTrue(loaded.getFirst() < SIZE / 2, () -> "here when the level was loaded: " + loaded);
      long first = loaded.getFirst() - TITLE;
      long second = loaded.getLast() - TITLE;
      assertTrue(second < first / 3, () -> "here when the level was loaded: " + loaded);
    }
  }
}
