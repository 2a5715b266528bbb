package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DevicePlaceTest {
  private static final Path HERE = Path.of("").toAbsolutePath();

  @Test
  void aFileIsAtItsPathHoweverItIsNamed() throws Exception {
    assertEquals(HERE.resolve("disk").toString(), DevicePlace.of("disk"));
    assertEquals(HERE.resolve("disk").toString(), DevicePlace.of("file:disk"));
    assertEquals("/mnt/disk", DevicePlace.of("file:/mnt/disk"));
    assertEquals("/dev/nbd3", DevicePlace.of("block:/dev/nbd3"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/mnt/disk", "/dev/loop3", "nbd:unix:/tmp/s", "nbd:[::1]:10809", "nbd:host:1"})
  void aPlaceIsItsOwnPlace(String place) throws Exception {
    assertEquals(place, DevicePlace.of(place));
  }

  @Test
  void theSocketOfAnotherFolderIsFound() throws Exception {
    assertEquals("nbd:unix:" + HERE.resolve("socket"), DevicePlace.of("nbd:unix:socket"));
  }

  @Test
  void aFileBehindASymbolicLinkIsWhereTheLinkLeads(@TempDir Path folder) throws Exception {
    Path real = Files.createDirectory(folder.toRealPath().resolve("real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    assertEquals(real.resolve("disk").toString(), DevicePlace.of(link.resolve("disk").toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:/mnt/disk", "nbd:unix:socket", "nbd:host:1", "block:/dev/nbd3"})
  void aDeviceWillBeWhereItsNameSays(String device) throws Exception {
    assertEquals(DevicePlace.of(device), DevicePlace.of(Device.parse(device)));
  }

  @Test
  void whereADiskWillBeIsNotKnownBefore() {
    assertEquals("block", DevicePlace.of(new Device.Block(Optional.empty())));
  }

  @Test
  void whatIsNoDeviceIsRefused() {
    assertThrows(IOException.class, () -> DevicePlace.of("nbd:nowhere"));
    assertThrows(IOException.class, () -> DevicePlace.of("block:/dev/sda"));
  }
}
