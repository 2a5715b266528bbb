package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class UnpackedLibrariesTest {
  private static final List<String> PROPERTIES =
      List.of("jffi.extract.dir", "ZstdTempFolder", "io.netty.native.workdir");

  private final String before = System.getProperty("java.io.tmpdir");
  @TempDir private Path temporary;

  @BeforeEach
  void begin() {
    System.setProperty("java.io.tmpdir", temporary.toString());
  }

  @AfterEach
  void end() {
    System.setProperty("java.io.tmpdir", before);
    PROPERTIES.forEach(System::clearProperty);
  }

  @Test
  void whatIsUnpackedGoesWithTheProcess() throws Exception {
    UnpackedLibraries libraries = new UnpackedLibraries();
    libraries.open();
    Path folder = libraries.folder().orElseThrow();
    Files.writeString(folder.resolve("jffi1.so"), "half of it");
    libraries.close();
    assertTrue(Files.notExists(folder));
    assertEquals(0, temporary.toFile().list().length);
  }

  @Test
  void everybodyWhoUnpacksIsToldWhere() {
    try (UnpackedLibraries libraries = new UnpackedLibraries()) {
      libraries.open();
      for (String property : PROPERTIES) {
        assertEquals(
            libraries.folder().map(Path::toString),
            Optional.ofNullable(System.getProperty(property)),
            property);
      }
    }
  }

  @Test
  void aProcessThatEndsMakesNoFolderAnyMore() {
    UnpackedLibraries libraries = new UnpackedLibraries();
    libraries.close();
    libraries.open();
    assertEquals(Optional.empty(), libraries.folder());
    assertEquals(0, temporary.toFile().list().length);
  }
}
