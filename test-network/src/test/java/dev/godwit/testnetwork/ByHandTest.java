package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What a new user does, command by command. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ByHandTest {
  private World world;
  private Member alice;
  private Member bob;

  @BeforeAll
  void foundAndJoin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    alice = world.stranger("alice");
    bob = world.stranger("bob");
    alice.run("mesh", "create", "m", "--as", "alice", "--hub", world.hub().toString()).succeeded();
    try (ChildProcess invite = alice.start("mesh", "invite", "bob")) {
      String ticket = invite.await("ticket", PATIENCE).getOrDefault("ticket", "");
      invite.await("waiting", PATIENCE);
      Outcome joined = bob.runWith(ticket + "\n", "mesh", "join").succeeded();
      assertTrue(joined.out().contains("Joined mesh m as bob"), joined::out);
      assertEquals("bob", invite.await("joined", PATIENCE).get("name"));
      assertEquals(0, invite.awaitEnd(PATIENCE));
    }
  }

  @AfterAll
  void end() throws Exception {
    world.close();
  }

  @Test
  void whatIsOfferedAndWhoIsThereCanBeSeenFromBothSides() throws Exception {
    try (Offer offer = Offer.of(world, alice, "seen")) {
      Outcome ls = bob.run("ls").succeeded();
      assertTrue(ls.out().contains("alice/seen"), ls::out);
      assertTrue(ls.out().contains("8.0 MiB"), ls::out);
      Outcome peers = bob.run("peers").succeeded();
      assertTrue(peers.out().startsWith("alice "), peers::out);
      assertTrue(peers.out().contains("1 resource"), peers::out);
      Outcome status = alice.run("status").succeeded();
      assertTrue(status.out().contains("name    alice"), status::out);
      assertTrue(status.out().contains("seed  seen  idle"), status::out);
      Outcome members = alice.run("mesh", "members").succeeded();
      assertTrue(members.out().contains("bob"), members::out);
      offer.assertUntouched();
    }
  }

  @Test
  void anImageFullOfFilesArrivesAsItWas() throws Exception {
    Path image = world.path("image");
    Programs programs = world.programs();
    fill(world.path("files"));
    programs
        .run("mkfs.ext4", "-q", "-F", "-d", world.path("files").toString(), image.toString(), "1G")
        .succeeded();
    String sha256 = StateFile.sha256(image);
    Path target = world.path("moved");
    try (ChildProcess seed = alice.seed("image", image)) {
      Outcome leech = bob.runLeech("alice/image", target).succeeded();
      assertTrue(leech.out().contains("alice/image is here, generation 2"), leech::out);
      assertEquals(0, seed.awaitEnd(PATIENCE), seed::complaints);
    }
    assertEquals(sha256, StateFile.sha256(target));
    programs.run("e2fsck", "-fn", target.toString()).succeeded();
    long before = programs.allocated(image);
    long after = programs.allocated(target);
    // Fewer are fine: blocks that are there and zero become holes.
    assertTrue(after < before + before / 20, () -> before + " bytes became " + after);
    Outcome again = alice.runSeed("image", image);
    assertEquals(1, again.status());
    assertTrue(again.err().contains("has moved to another node"), again::err);
  }

  /** About 300 MiB in files and folders of all sizes, half of it hard to compress. */
  private static void fill(Path directory) throws IOException {
    Random random = new Random(1);
    byte[] noise = new byte[1 << 20];
    byte[] text =
        "All the godwits fly south, and one of them flies far. "
            .repeat(20_000)
            .getBytes(StandardCharsets.UTF_8);
    long left = 300L << 20;
    for (int i = 0; left > 0; i++) {
      Path folder = Files.createDirectories(directory.resolve("folder" + i % 7));
      long size = Math.min(left, 1L << (8 + random.nextInt(16)));
      left -= size;
      random.nextBytes(noise);
      byte[] content = i % 2 == 0 ? noise : text;
      try (FileChannel file =
          FileChannel.open(
              folder.resolve("file" + i),
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE)) {
        for (long at = 0; at < size; at += content.length) {
          int step = (int) Math.min(content.length, size - at);
          file.write(ByteBuffer.wrap(content, 0, step));
        }
      }
    }
  }
}
