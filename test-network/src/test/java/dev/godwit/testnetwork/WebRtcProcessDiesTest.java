package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The process with the WebRTC library dies under a migration, which goes on. */
class WebRtcProcessDiesTest {
  private static final LinkProfile LINK =
      LinkProfile.PERFECT.withDelay(Duration.ofMillis(2)).withRate(40_000_000);

  @TempDir Path directory;

  @ParameterizedTest(name = "{1} gets SIG{0}")
  @CsvSource({"KILL, bob", "ABRT, alice"})
  void theMigrationGoesOnByAnotherPath(String signal, String victim) throws Exception {
    byte[] state = new byte[32 << 20];
    new Random(5).nextBytes(state);
    try (Internet internet = Internet.create();
        World world = World.in(directory)) {
      List<Member> members = members(internet, world);
      Member alice = members.get(0);
      Member bob = members.get(1);
      Path from = Files.write(world.path("state"), state);
      Path to = world.path("moved");
      ChildProcess seed = alice.seed("vm", from);
      ChildProcess leech = bob.leech("alice/vm", to, "--transport", "webrtc,relay");
      leech.await("progress", event -> fetched(event, over(event, "webrtc"), 4), PATIENCE);

      ChildProcess struck = victim.equals("bob") ? leech : seed;
      int before = leech.events().size();
      world.signal(signal, webRtcProcess(struck));

      Patience.until(
          "another path",
          () -> leech.events().stream().skip(before).anyMatch(event -> over(event, "relay")));
      leech.await("complete", PATIENCE);
      assertEquals(0, leech.awaitEnd(PATIENCE), leech.complaints());
      assertTrue(seed.isAlive(), seed.complaints());
      assertEquals(-1, Files.mismatch(from, to));
    }
  }

  @Test
  void nothingOfItStaysWhenItsNodeIsKilled() throws Exception {
    try (Internet internet = Internet.create();
        World world = World.in(directory)) {
      List<Member> members = members(internet, world);
      Member alice = members.get(0);
      Member bob = members.get(1);
      Path from = StateFile.random(world.path("state"), 32 << 20, 6);
      ChildProcess seed = alice.seed("vm", from);
      ChildProcess leech =
          bob.leech("alice/vm", world.path("moved"), "--transport", "webrtc,relay");
      leech.await("progress", event -> fetched(event, over(event, "webrtc"), 1), PATIENCE);
      assertTrue(folders(world) > 0);
      seed.close();
      leech.close();
      Patience.until("their folders are gone", () -> folders(world) == 0);
    }
  }

  private static List<Member> members(Internet internet, World world) throws Exception {
    Host server = internet.host("hub");
    world.hub(Place.on(server), server.address().getHostAddress() + ":7007");
    List<Member> members =
        List.of(
            world.stranger("alice", Place.on(internet.host("alice"))),
            world.stranger("bob", Place.on(internet.host("bob", NatKind.NONE, LINK))));
    world.found(Place.on(server), members);
    return members;
  }

  private static long folders(World world) throws IOException {
    try (Stream<Path> all = Files.list(world.temporary())) {
      return all.filter(each -> each.getFileName().toString().startsWith("godwit-webrtc")).count();
    }
  }

  private static boolean over(Map<String, String> event, String transport) {
    return (" " + event.getOrDefault("path", "") + " ").contains(" " + transport + " ");
  }

  private static boolean fetched(Map<String, String> event, boolean over, int mebibytes) {
    return over && Double.parseDouble(event.getOrDefault("bytesDone", "0")) > (mebibytes << 20);
  }

  private static long webRtcProcess(ChildProcess node) {
    return ProcessHandle.of(node.pid()).stream()
        .flatMap(ProcessHandle::descendants)
        .filter(each -> each.info().commandLine().orElse("").contains("webrtc.child.Main"))
        .findFirst()
        .orElseThrow()
        .pid();
  }
}
