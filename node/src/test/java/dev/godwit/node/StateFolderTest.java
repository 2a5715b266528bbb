package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.log.FileLog;
import dev.godwit.log.ResourceBusyException;
import dev.godwit.node.StateFolder.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateFolderTest {
  @TempDir private Path directory;

  private Path state() {
    return directory.resolve("disk.img");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      return inside.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void remember(Part part) throws IOException {
    try (StateFolder folder = StateFolder.open(state());
        FileLog log = folder.log(part)) {
      log.append(new byte[] {1});
    }
  }

  @Test
  void nothingToRememberLeavesNothing() throws IOException {
    try (StateFolder folder = StateFolder.open(state());
        FileLog log = folder.log(Part.JOURNAL)) {
      assertTrue(log.entries().isEmpty());
      assertEquals(List.of("disk.img.godwit"), names(directory));
    }
    assertEquals(List.of(), names(directory));
  }

  @Test
  void whatIsRememberedStaysAndNothingElse() throws IOException {
    remember(Part.JOURNAL);
    assertEquals(List.of("journal"), names(StateFolder.of(state())));
    assertTrue(StateFolder.remembers(state(), Part.JOURNAL));
    assertFalse(StateFolder.remembers(state(), Part.LEASES));
    try (StateFolder folder = StateFolder.open(state());
        FileLog log = folder.log(Part.JOURNAL)) {
      assertEquals(1, log.entries().size());
    }
  }

  @Test
  void whatIsForgottenLeavesNothing() throws IOException {
    remember(Part.JOURNAL);
    remember(Part.CACHE);
    try (StateFolder folder = StateFolder.open(state())) {
      folder.forget(Part.values());
    }
    assertEquals(List.of(), names(directory));
  }

  @Test
  void aSecondOneIsRefusedUntilTheFirstIsClosed() throws IOException {
    try (StateFolder first = StateFolder.open(state())) {
      String busy =
          String.valueOf(
              assertThrows(ResourceBusyException.class, () -> StateFolder.open(state()))
                  .getMessage());
      assertEquals("another godwit process uses " + state(), busy);
      first.close();
      StateFolder.open(state()).close();
    }
    assertEquals(List.of(), names(directory));
  }

  @Test
  void closingTwiceDoesNotTakeItFromTheNext() throws IOException {
    StateFolder first = StateFolder.open(state());
    first.close();
    try (StateFolder _ = StateFolder.open(state())) {
      first.close();
      assertThrows(ResourceBusyException.class, () -> StateFolder.open(state()));
    }
  }

  @Test
  void whatAKilledProcessLeavesIsTakenOver() throws IOException {
    Files.createDirectory(StateFolder.of(state()));
    Files.createFile(StateFolder.of(state()).resolve("lock"));
    StateFolder.open(state()).close();
    assertEquals(List.of(), names(directory));
  }

  @Test
  void othersCannotReadIt() throws IOException {
    try (StateFolder _ = StateFolder.open(state())) {
      assertEquals(
          "rwx------",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(StateFolder.of(state()))));
    }
  }

  @Test
  void aFolderThatWasOpenIsClosed() throws IOException {
    remember(Part.JOURNAL);
    Path folder = StateFolder.of(state());
    var _ = Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    StateFolder.open(state()).close();
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
  }

  @Test
  void aJournalOfAnEarlierVersionIsNotOverlooked() throws IOException {
    Files.createFile(StateFolder.of(state()));
    NodeException old = assertThrows(NodeException.class, () -> StateFolder.open(state()));
    assertTrue(String.valueOf(old.getMessage()).contains("earlier versions"), old::getMessage);
  }

  @Test
  void aStateThatIsHeldIsRefusedByItsOtherNames() throws Exception {
    Path file = Files.createFile(state());
    Path other = Files.createLink(directory.resolve("other.img"), file);
    try (StateFolder first = StateFolder.open(file)) {
      first.hold(file);
      try (StateFolder second = StateFolder.open(other)) {
        assertThrows(ResourceBusyException.class, () -> second.hold(other));
      }
      first.hold(file);
    }
    try (StateFolder second = StateFolder.open(other)) {
      second.hold(other);
    }
  }

  @Test
  void whatIsRememberedOfAFileIsBesideIt() throws Exception {
    NodeHome home = new NodeHome(directory.resolve("home"), new SecureRandom());
    assertEquals(state(), StateFolder.beside(state(), home));
    assertEquals(state(), StateFolder.beside(Files.createFile(state()), home));
  }

  @Test
  void theFolderOfADiskIsMadeInTheHome() throws Exception {
    Path beside = directory.resolve("home/disks/naa.1");
    try (StateFolder folder = StateFolder.open(beside, Path.of("/dev/sdz"));
        FileLog log = folder.log(Part.JOURNAL)) {
      log.append(new byte[] {1});
      String busy =
          String.valueOf(
              assertThrows(
                      ResourceBusyException.class,
                      () -> StateFolder.open(beside, Path.of("/dev/sdz")))
                  .getMessage());
      assertTrue(busy.contains("/dev/sdz"), busy);
    }
    assertTrue(StateFolder.remembers(beside, Part.JOURNAL));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(beside.getParent())));
  }

  /** He could have put links into it that lead to our files. */
  @Test
  void aFolderOfAnotherUserIsNotUsed(@TempDir Path directory) throws Exception {
    Path state = directory.resolve("state");
    Path folder = Files.createDirectory(StateFolder.of(state));
    Files.setAttribute(folder, "unix:uid", 12345);
    NodeException refused = assertThrows(NodeException.class, () -> StateFolder.open(state));
    assertTrue(
        String.valueOf(refused.getMessage()).contains("belongs to another user (number 12345)"),
        refused::toString);
  }

  /** A disk as the kernel describes it after a start of the machine. */
  private DiskIdentity disk(String start, String name, int minor, String number)
      throws IOException {
    Path sysfs = directory.resolve(start);
    Path described = Files.createDirectories(sysfs.resolve("devices").resolve(name));
    Files.writeString(described.resolve("wwid"), number + "\n");
    Path numbers = Files.createDirectories(sysfs.resolve("dev/block"));
    Files.createSymbolicLink(numbers.resolve("8:" + minor), described);
    return DiskIdentity.numbered(8 << 8 | minor, sysfs);
  }

  @Test
  void whatIsRememberedOfADiskIsFoundAgainWhenTheDiskHasAnotherName() throws Exception {
    NodeHome home = new NodeHome(directory.resolve("home"), new SecureRandom());
    Path before = StateFolder.beside(Path.of("/dev/sda"), disk("first", "sda", 0, "naa.1"), home);
    assertEquals(directory.resolve("home/disks/naa.1"), before);
    try (StateFolder folder = StateFolder.open(before, Path.of("/dev/sda"));
        FileLog log = folder.log(Part.JOURNAL)) {
      log.append(new byte[] {1});
    }
    Path after = StateFolder.beside(Path.of("/dev/sdb"), disk("second", "sdb", 16, "naa.1"), home);
    Path another = StateFolder.beside(Path.of("/dev/sda"), disk("second", "sda", 0, "naa.2"), home);
    assertTrue(StateFolder.remembers(after, Part.JOURNAL));
    assertFalse(StateFolder.remembers(another, Part.JOURNAL));
  }

  @Test
  void aDiskThatNobodyWouldKnowAgainIsRefused() throws Exception {
    NodeHome home = new NodeHome(directory.resolve("home"), new SecureRandom());
    DiskIdentity disk = disk("first", "sda", 0, "");
    NodeException refused =
        assertThrows(
            NodeException.class, () -> StateFolder.beside(Path.of("/dev/sda"), disk, home));
    assertTrue(
        String.valueOf(refused.getMessage()).contains("no serial number"), refused::toString);
  }
}
