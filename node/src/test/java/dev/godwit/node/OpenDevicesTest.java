package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenDevicesTest {
  private static final List<Device> WANTED = List.of(file("first"), file("second"), file("third"));

  private final OpenDevices devices = new OpenDevices();
  private final List<String> closed = new ArrayList<>();

  private static Device file(String name) {
    return new Device.File(Path.of("/" + name));
  }

  private OpenDevice opened(Device device) {
    return OpenDevice.of(device.toString(), () -> closed.add(device.toString()));
  }

  private OpenDevice openedForGood(Device device) {
    return OpenDevice.of(
        device.toString(),
        () -> {
          closed.add(device.toString());
          throw new IOException("in use");
        });
  }

  @Test
  void theyAreClosedInReverseOrder() throws Exception {
    devices.open(WANTED, this::opened);
    assertEquals(List.of("file:/first", "file:/second", "file:/third"), devices.places());
    devices.close();
    devices.close();
    assertEquals(List.of("file:/third", "file:/second", "file:/first"), closed);
  }

  @Test
  void whenOneCannotBeOpenedNoneIs() {
    IOException refused =
        assertThrows(
            IOException.class,
            () ->
                devices.open(
                    WANTED,
                    device -> {
                      if (device.equals(WANTED.getLast())) {
                        throw new IOException("refused");
                      }
                      return openedForGood(device);
                    }));
    assertEquals("refused", refused.getMessage());
    assertEquals(1, refused.getSuppressed().length);
    assertEquals(List.of("file:/second", "file:/first"), closed);
    assertEquals(List.of(), devices.places());
  }

  @Test
  void oneThatCannotBeClosedKeepsNoOtherOpen() throws Exception {
    devices.open(WANTED, this::openedForGood);
    IOException failed = assertThrows(IOException.class, devices::close);
    assertEquals("file:/third could not be closed: in use", failed.getMessage());
    assertEquals(2, failed.getSuppressed().length);
    assertEquals(List.of("file:/third", "file:/second", "file:/first"), closed);
  }
}
