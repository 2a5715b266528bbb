package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.log.FileLog;
import dev.godwit.migration.proto.JournalEntry;
import dev.godwit.migration.proto.Owned;
import dev.godwit.migration.proto.Released;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is seen to be wrong before a hub or another node is asked. */
class LocalMistakesTest {
  @TempDir private Path folder;

  private Path state(JournalEntry entry) throws IOException {
    Path file = Files.write(folder.resolve("state"), new byte[4096]);
    try (StateFolder remembered = StateFolder.open(file);
        FileLog log = remembered.log(StateFolder.Part.JOURNAL)) {
      log.append(entry.toByteArray());
    }
    return file;
  }

  private static void assertRefused(String why, Executable check) {
    String said = String.valueOf(assertThrows(NodeException.class, check).getMessage());
    assertTrue(said.contains(why), said);
  }

  private NodeHome home() {
    return new NodeHome(folder.resolve("home"), new SecureRandom());
  }

  private void seedable(Path file) throws IOException {
    Seeding.check(SeedOptions.of("state", file), home());
  }

  private void possible(Path to) throws IOException {
    Leeching.check(LeechOptions.of("alice/state", to), home());
  }

  @Test
  void aStateThatHasMovedIsNotSeeded() throws Exception {
    Path file =
        state(
            JournalEntry.newBuilder().setReleased(Released.newBuilder().setGeneration(2)).build());
    assertRefused(
        "has moved to another node (generation 2); this copy is old", () -> seedable(file));
    assertTrue(StateFolder.remembers(file, StateFolder.Part.JOURNAL));
  }

  @Test
  void aLinkToAStateThatHasMovedIsNotSeeded() throws Exception {
    Path file =
        state(
            JournalEntry.newBuilder().setReleased(Released.newBuilder().setGeneration(2)).build());
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertRefused("this copy is old", () -> seedable(link));
    assertTrue(Files.notExists(StateFolder.of(link)));
  }

  @Test
  void aLinkToAStateOfThisNodeIsNotReplaced() throws Exception {
    Path file =
        state(JournalEntry.newBuilder().setOwned(Owned.newBuilder().setGeneration(3)).build());
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertRefused("belongs to this node", () -> possible(link));
  }

  @Test
  void aLinkToNothingIsNoTarget() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("gone"));
    assertRefused("is a symbolic link to", () -> possible(link));
  }

  @Test
  void aFileWithTwoNamesIsNotSeeded() throws Exception {
    Path file = Files.write(folder.resolve("state"), new byte[4096]);
    Path other = Files.createLink(folder.resolve("other"), file);
    assertRefused("has 2 names", () -> seedable(other));
  }

  @Test
  void aStateThatIsInUseIsLookedAtLater() throws Exception {
    Path file =
        state(
            JournalEntry.newBuilder().setReleased(Released.newBuilder().setGeneration(2)).build());
    try (StateFolder _ = StateFolder.open(file)) {
      seedable(file);
    }
  }

  @Test
  void aStateOfThisNodeIsNotReplaced() throws Exception {
    Path file =
        state(JournalEntry.newBuilder().setOwned(Owned.newBuilder().setGeneration(3)).build());
    assertRefused("holds a state that belongs to this node (generation 3)", () -> possible(file));
  }

  @Test
  void aSocketWithTooLongAPathIsNotTried() throws Exception {
    Device device = Device.parse("nbd:unix:" + folder.resolve("s".repeat(100)));
    BindException refused = assertThrows(BindException.class, device::check);
    assertEquals(
        folder.resolve("s".repeat(100)) + " is too long for a socket; use a shorter path.",
        Explanation.of(refused).getMessage());
  }

  @Test
  void aReasonThatSaysWhatCannotBeDoneIsEnough() {
    assertEquals(
        "/x/disk cannot be mounted over: the file holds 6 bytes.",
        Explanation.of(
                new FileSystemException(
                    "/x/disk", null, "cannot be mounted over: the file holds 6 bytes"))
            .getMessage());
  }
}
