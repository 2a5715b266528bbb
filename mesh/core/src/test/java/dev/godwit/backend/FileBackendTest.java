package dev.godwit.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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
      assertThrows(EOFException.class, () -> runs(backend, 0, 5000));
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
  void aNewFileIsForItsOwnerAlone() throws IOException {
    Path file = directory.resolve("secret");
    FileBackend.create(file, 5000, _ -> SparseFile.dense()).close();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void aFileThatIsThereKeepsItsMode() throws IOException {
    Path file = Files.createFile(directory.resolve("shared"));
    var shared = PosixFilePermissions.fromString("rw-rw----");
    var _ = Files.setPosixFilePermissions(file, shared);
    FileBackend.create(file, 5000, _ -> SparseFile.dense()).close();
    assertEquals(shared, Files.getPosixFilePermissions(file));
  }

  @Test
  void createSetsAnExistingFileToTheSize() throws IOException {
    Path file = Files.write(directory.resolve("disk"), new byte[10_000]);
    try (var backend = FileBackend.create(file, 5000, _ -> SparseFile.dense())) {
      assertEquals(5000, backend.size());
    }
    assertEquals(5000, Files.size(file));
  }

  private static final int PIECE = 1 << 20;
  private static final long LARGE = 256L * PIECE;

  /** A large file whose holes are where {@code walked} says. */
  private FileBackend large(WalkedFile walked) throws IOException {
    return FileBackend.create(directory.resolve("large"), LARGE, _ -> walked);
  }

  @Test
  void askingForExtentsPieceByPieceWalksThroughTheFileOnce() throws IOException {
    var walked = new WalkedFile(LARGE);
    try (var backend = large(walked)) {
      for (long offset = 0; offset < LARGE; offset += PIECE) {
        assertEquals(List.of(offset + "+" + PIECE + " DATA"), runs(backend, offset, PIECE));
      }
    }
    assertEquals(LARGE, walked.walked());
    assertEquals(2, walked.asked());
  }

  @Test
  void severalWhoAskInTurnWalkThroughTheFileOnce() throws IOException {
    var walked = new WalkedFile(LARGE);
    try (var backend = large(walked)) {
      long part = LARGE / 8;
      for (int i = 1; i < 8; i++) {
        assertTrue(walked.punch(i * part - WalkedFile.BLOCK, WalkedFile.BLOCK));
      }
      for (long offset = 0; offset < part; offset += PIECE) {
        for (int i = 0; i < 8; i++) {
          assertFalse(runs(backend, i * part + offset, PIECE).isEmpty());
        }
      }
    }
    assertTrue(walked.walked() <= 2 * LARGE, walked.walked() + " bytes for " + LARGE);
  }

  @Test
  void aHoleIsReportedRightAfterItWasMadeInKnownData() throws IOException {
    var walked = new WalkedFile(LARGE);
    try (var backend = large(walked)) {
      assertEquals(List.of("0+" + PIECE + " DATA"), runs(backend, 0, PIECE));
      backend.trim(2 * PIECE, PIECE);
      assertEquals(
          List.of("0+2097152 DATA", "2097152+1048576 HOLE", "3145728+1048576 DATA"),
          runs(backend, 0, 4 * PIECE));
    }
  }

  @Test
  void dataIsReportedRightAfterItWasWrittenByAnybody() throws IOException {
    var walked = new WalkedFile(LARGE);
    try (var backend = large(walked)) {
      backend.trim(0, LARGE);
      assertEquals(List.of("0+" + LARGE + " HOLE"), runs(backend, 0, LARGE));
      walked.written(5 * PIECE, 1);
      assertEquals(
          List.of("0+5242880 HOLE", "5242880+4096 DATA", "5246976+4096 HOLE"),
          runs(backend, 0, 5 * PIECE + 2 * WalkedFile.BLOCK));
    }
  }

  @Test
  void extentsAreWhatTheFileSaysWhateverWasAskedBefore() throws IOException {
    var random = new Random(5);
    long size = 512L * WalkedFile.BLOCK;
    var walked = new WalkedFile(size);
    try (var backend = FileBackend.create(directory.resolve("model"), size, _ -> walked)) {
      for (int i = 0; i < 20_000; i++) {
        long offset = random.nextInt(512) * (long) WalkedFile.BLOCK;
        long length = random.nextLong(Math.min(size - offset, 64L * WalkedFile.BLOCK)) + 1;
        switch (random.nextInt(8)) {
          case 0 -> backend.trim(offset, length);
          case 1 -> walked.written(offset, length);
          default ->
              backend.extents(
                  offset,
                  length,
                  (at, bytes, kind) -> {
                    for (long each = at; each < at + bytes; each += WalkedFile.BLOCK) {
                      assertEquals(kind == Extent.Kind.DATA, walked.isData(each), "at " + each);
                    }
                  });
        }
      }
    }
  }

  private static List<String> runs(Backend backend, long offset, long length) throws IOException {
    List<String> runs = new ArrayList<>();
    backend.extents(offset, length, (at, bytes, kind) -> runs.add(at + "+" + bytes + " " + kind));
    return runs;
  }
}
