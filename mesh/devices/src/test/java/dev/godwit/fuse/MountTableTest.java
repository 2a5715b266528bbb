package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class MountTableTest {
  private static final MountTable TABLE =
      MountTable.parse(
          List.of(
              "25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
              "40 25 0:51 / /mnt/a\\040b rw,nosuid - fuse.godwit godwit rw,user_id=0",
              "41 25 0:52 / /mnt/x rw shared:5 master:2 - tmpfs none rw",
              "42 41 0:53 / /mnt/x rw - fuse.godwit godwit rw",
              "nonsense",
              ""));

  @Test
  void blanksInPathsAreUnderstood() {
    assertEquals(
        Optional.of(new MountTable.Entry("0:51", "/mnt/a b", "fuse.godwit")),
        TABLE.at(Path.of("/mnt/a b")));
  }

  @Test
  void theUppermostOfSeveralMountsIsFound() {
    assertEquals("0:53", TABLE.at(Path.of("/mnt/x")).orElseThrow().device());
    assertTrue(TABLE.has(Path.of("/mnt/x"), "0:52"));
    assertFalse(TABLE.has(Path.of("/mnt/x"), "0:51"));
  }

  @Test
  void whereNothingIsMountedNothingIsFound() {
    assertTrue(TABLE.at(Path.of("/mnt")).isEmpty());
  }

  @Test
  void theTableOfThisMachineHasARoot() throws Exception {
    assertTrue(MountTable.now().at(Path.of("/")).isPresent());
  }
}
