package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(1200)
final class GuestTest {
  @TempDir Path directory;

  private static String said(AssertionError e) {
    return String.valueOf(e.getMessage());
  }

  @Test
  void aKernelThatPanicsIsShownAndEndsTheTest() throws IOException {
    GuestKernel kernel = GuestKernel.prepared();
    GuestDisk disk = new GuestDisk(directory, kernel);
    disk.run("panic-guest.sh", Map.of("LAST_WORDS", "what a pity"));
    try (Guest guest = Guest.start(kernel, List.of(disk.make()))) {
      assertEquals("what a pity", guest.next());
      AssertionError e = assertThrows(AssertionError.class, guest::next);
      assertTrue(said(e).contains("Kernel panic"), () -> said(e));
    }
  }

  @Test
  void aModuleThatIsMissingIsNamed() throws IOException {
    GuestKernel kernel = GuestKernel.prepared();
    AssertionError e =
        assertThrows(AssertionError.class, () -> kernel.files(List.of("nbd", "nothing_at_all")));
    assertTrue(said(e).contains("no module nothing_at_all"), () -> said(e));
  }

  @Test
  void whatAModuleNeedsIsLoadedBeforeIt() throws IOException {
    List<String> names =
        GuestKernel.prepared().files(List.of("virtio_net")).stream()
            .map(file -> file.getFileName().toString())
            .toList();
    assertEquals("virtio_net.ko", names.getLast());
    assertTrue(names.contains("failover.ko"), names::toString);
  }

  @Test
  void aProgramThatIsMissingIsNamedWithItsPackage() {
    AssertionError e =
        assertThrows(AssertionError.class, () -> new Tool("no-such-program", "its-package").path());
    assertTrue(said(e).contains("no-such-program is missing"), () -> said(e));
    assertTrue(said(e).endsWith("its-package"), () -> said(e));
  }
}
