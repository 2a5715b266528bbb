package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.nbd.NbdAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is said where nothing can be attached. */
final class KernelNbdTest {
  private static final NbdAddress SERVER = new NbdAddress.Unix(Path.of("/nonexistent/socket"), "");

  private static String refusal(IOException e) {
    return String.valueOf(e.getMessage());
  }

  @Test
  void whereTheKernelHasNoNbdTheMessageSaysHowToLoadIt() {
    Optional<String> obstacle = KernelNbd.obstacle();
    if (Files.exists(Path.of("/sys/block/nbd0"))) {
      assertEquals(Optional.empty(), obstacle);
      return;
    }
    assertEquals(
        Optional.of("this kernel has no network block devices; load its module with: modprobe nbd"),
        obstacle);
    var e =
        assertThrows(IOException.class, () -> KernelNbd.attach(SERVER, KernelNbdSettings.DEFAULT));
    assertEquals(obstacle.get(), refusal(e));
  }

  @Test
  void whatIsNoNetworkBlockDeviceIsNotAttached() {
    var e =
        assertThrows(
            IOException.class,
            () -> KernelNbd.attach(SERVER, Path.of("/dev/sda"), KernelNbdSettings.DEFAULT));
    assertTrue(refusal(e).contains("name one like /dev/nbd0"), refusal(e));
  }
}
