package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SysBlockTest {
  @TempDir Path root;

  private void file(String device, String name, String text) throws IOException {
    Path folder = Files.createDirectories(root.resolve(device));
    var _ = Files.writeString(folder.resolve(name), text);
  }

  @Test
  void devicesAreFoundByTheirNames() throws IOException {
    for (String name : List.of("nbd10", "nbd2", "nbd0", "nbd0p1", "nbdx", "nbd01", "loop0")) {
      var _ = Files.createDirectories(root.resolve(name));
    }
    assertEquals(List.of(0, 2, 10), new SysBlock(root).numbers());
    assertEquals(List.of(), new SysBlock(root.resolve("none")).numbers());
  }

  @Test
  void sizePidAndOwnerAreShown() throws IOException {
    file("nbd1", "size", "131072\n");
    file("nbd1", "pid", "77\n");
    file("nbd1", "backend", "whose\n");
    file("nbd2", "size", "0\n");
    var sys = new SysBlock(root);
    assertEquals(131072, sys.sectors(1));
    assertTrue(sys.isConnected(1));
    assertEquals("whose", sys.backend(1));
    assertEquals(0, sys.sectors(2));
    assertFalse(sys.isConnected(2));
    assertEquals("", sys.backend(2));
    assertEquals(0, sys.sectors(3));
    assertFalse(sys.isConnected(3));
  }

  @Test
  void aSizeThatIsNoneIsAnError() throws IOException {
    file("nbd1", "size", "much\n");
    assertThrows(IOException.class, () -> new SysBlock(root).sectors(1));
  }

  @Test
  void onlyWholeDevicesHaveANumber() {
    assertEquals(OptionalInt.of(0), SysBlock.number(Path.of("/dev/nbd0")));
    assertEquals(OptionalInt.of(15), SysBlock.number(Path.of("/dev/nbd15")));
    for (String other :
        List.of(
            "/dev/nbd",
            "/dev/nbd0p1",
            "/dev/nbd-1",
            "/dev/nbd99999999999",
            "nbd0",
            "/",
            "/dev/sda")) {
      assertEquals(OptionalInt.empty(), SysBlock.number(Path.of(other)), other);
    }
  }
}
