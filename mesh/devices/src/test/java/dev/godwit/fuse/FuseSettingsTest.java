package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class FuseSettingsTest {
  @Test
  void permissionsBecomeTheBitsOfTheMode() {
    var settings =
        FuseSettings.DEFAULT.withPermissions(PosixFilePermissions.fromString("rw-r----x"));
    assertEquals(0641, settings.mode());
    assertTrue(settings.isShared());
    assertEquals(0600, FuseSettings.DEFAULT.mode());
    assertFalse(FuseSettings.DEFAULT.isShared());
  }

  @Test
  void settingsThatCannotWorkAreRejected() {
    var good = FuseSettings.DEFAULT;
    assertThrows(IllegalArgumentException.class, () -> good.withThreads(0));
    assertThrows(IllegalArgumentException.class, () -> good.withInFlight(0));
    assertThrows(IllegalArgumentException.class, () -> good.withReadAhead(-1));
    assertThrows(IllegalArgumentException.class, () -> good.withPatience(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> good.withPermissions(Set.of()));
  }
}
