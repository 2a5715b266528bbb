package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

final class LibraryTroubleTest {
  @Test
  void aLibraryForWhichNoDescriptorIsLeftIsSaidToBeThat() {
    // As Netty tells it: each place that it tried is suppressed by the one before.
    var tried = new UnsatisfiedLinkError("could not load a native library");
    tried.addSuppressed(new FileSystemException("/tmp/lib.so", null, "Too many open files"));
    var failure = new UnsatisfiedLinkError("failed to load the required native library");
    failure.initCause(tried);
    assertEquals(
        "A native library cannot be loaded: too many open files. This process may open too few"
            + " files: raise the limit ('ulimit -n 1024').",
        LibraryTrouble.sentence(failure));
  }

  @Test
  void aLibraryThatCannotBeUnpackedNeedsAnotherFolder() {
    String said = LibraryTrouble.sentence(new UnsatisfiedLinkError("/tmp/lib.so: not permitted"));
    assertTrue(said.contains("GODWIT_NATIVE_DIR"), said);
  }
}
