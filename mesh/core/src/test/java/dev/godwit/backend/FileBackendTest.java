package dev.godwit.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileBackendTest extends BackendContract {
  @TempDir Path directory;

  @Override
  protected Backend make(long size) throws IOException {
    return FileBackend.create(directory.resolve("contract"), size, _ -> SparseFile.dense());
  }

  @Test
  void aFileThatWasTruncatedBelowIsAnErrorAndNoZeroes() throws IOException {
    Path file = directory.resolve("disk");
    try (var backend = FileBackend.create(file, 5000, _ -> SparseFile.dense())) {
      Files.write(file, new byte[10]);
      assertThrows(EOFException.class, () -> backend.read(ByteBuffer.allocate(100), 0));
    }
  }

  @Test
  void whatWasFlushedIsInTheFile() throws IOException {
    Path file = directory.resolve("disk");
    try (var backend = FileBackend.create(file, 5000, _ -> SparseFile.dense())) {
      backend.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 4997);
      backend.flush();
      byte[] found = Files.readAllBytes(file);
      assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), ByteBuffer.wrap(found, 4997, 3));
    }
  }

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
