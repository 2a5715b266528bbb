package dev.godwit.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileBackendTest {
  @TempDir Path directory;

  @Test
  void aNewFileIsOneHole() throws IOException {
    Path file = directory.resolve("disk");
    try (var backend = FileBackend.create(file, (1 << 20) + 1, _ -> SparseFile.dense())) {
      assertEquals((1 << 20) + 1, backend.size());
      assertEquals(0, allocated(file));
    }
  }

  /** Bytes on the disk, as du(1) counts them. */
  private static long allocated(Path file) throws IOException {
    Process du = new ProcessBuilder("du", "--block-size=1", file.toString()).start();
    try (var out = du.inputReader()) {
      return Long.parseLong(out.readLine().replaceFirst("\\s.*", ""));
    } finally {
      du.destroy();
    }
  }

  @Test
  void createSetsAnExistingFileToTheSize() throws IOException {
    Path file = Files.write(directory.resolve("disk"), new byte[10_000]);
    try (var backend = FileBackend.create(file, 5000, _ -> SparseFile.dense())) {
      assertEquals(5000, backend.size());
    }
    assertEquals(5000, Files.size(file));
  }
}
