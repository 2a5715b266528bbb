package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFileTest {
  @TempDir private Path directory;

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aFolderIsMadeForItsOwner() throws IOException {
    assertEquals("rwx------", mode(PrivateFile.closedDirectory(directory.resolve("new"))));
  }

  @Test
  void aFolderThatWasOpenIsClosed() throws IOException {
    Path open = Files.createDirectory(directory.resolve("open"));
    var _ = Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertEquals("rwx------", mode(PrivateFile.closedDirectory(open)));
  }

  @Test
  void theFolderAroundItStaysAsItIs() throws IOException {
    var _ = Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));
    var _ = PrivateFile.closedDirectory(directory.resolve("inside"));
    assertEquals("rwxr-x---", mode(directory));
  }
}
