package dev.godwit.libc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.SparseFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeSparseFileTest {
  private static final int MIB = 1 << 20;

  private final SparseFile.Opener opener = NativeSparseFile.opener();

  @TempDir Path directory;
  private Path file;

  /** Hole, data, hole, of 1 MiB each. */
  @BeforeEach
  void makeFile() throws IOException {
    file = directory.resolve("disk");
    try (var backend = FileBackend.create(file, 3 * MIB, opener)) {
      byte[] ones = new byte[MIB];
      Arrays.fill(ones, (byte) 1);
      backend.write(ByteBuffer.wrap(ones), MIB);
    }
  }

  @Test
  void holesAndDataAreFound() throws IOException {
    try (SparseFile sparse = opener.open(file)) {
      assertEquals(0, sparse.nextHole(0));
      assertEquals(MIB, sparse.nextData(0));
      assertEquals(MIB + 5, sparse.nextData(MIB + 5));
      assertEquals(2 * MIB, sparse.nextHole(MIB));
      assertEquals(-1, sparse.nextData(2 * MIB));
    }
  }

  @Test
  void theEndCountsAsAHole() throws IOException {
    Files.write(file, new byte[5000]);
    try (SparseFile sparse = opener.open(file)) {
      assertEquals(5000, sparse.nextHole(0));
      assertEquals(5000, sparse.nextHole(5000));
      assertEquals(-1, sparse.nextData(5000));
    }
  }

  @Test
  void punchedRangesAreHolesAndTheSizeStays() throws IOException {
    try (SparseFile sparse = opener.open(file)) {
      assertTrue(sparse.punch(MIB, MIB / 2));
      assertEquals(MIB + MIB / 2, sparse.nextData(0));
      assertEquals(3 * MIB, Files.size(file));
      assertTrue(sparse.punch(2 * MIB, 2 * MIB));
      assertEquals(3 * MIB, Files.size(file));
    }
    byte[] bytes = Files.readAllBytes(file);
    assertArrayEquals(new byte[MIB / 2], Arrays.copyOfRange(bytes, MIB, MIB + MIB / 2));
    assertEquals(1, bytes[MIB + MIB / 2]);
  }

  @Test
  void anImpossiblePunchChangesNothing() throws IOException {
    try (SparseFile sparse = opener.open(file)) {
      assertFalse(sparse.punch(MIB, 0));
      assertEquals(MIB, sparse.nextData(0));
    }
  }

  @Test
  void aFileBackendReportsAndMakesHoles() throws IOException {
    try (var backend = FileBackend.open(file, opener)) {
      assertEquals(
          List.of("0+1048576HOLE", "1048576+1048576DATA", "2097152+1048576HOLE"), runs(backend));
      backend.zero(MIB, MIB, Holes.ALLOWED);
      assertEquals(List.of("0+3145728HOLE"), runs(backend));
    }
  }

  private static List<String> runs(FileBackend backend) throws IOException {
    List<String> runs = new ArrayList<>();
    backend.extents(0, backend.size(), (at, length, kind) -> runs.add(at + "+" + length + kind));
    return runs;
  }

  @Test
  void devicesAreTakenAsDense() throws IOException {
    try (SparseFile sparse = opener.open(Path.of("/dev/zero"))) {
      assertEquals(7, sparse.nextData(7));
      assertEquals(Long.MAX_VALUE, sparse.nextHole(7));
      assertFalse(sparse.punch(0, 4096));
    }
  }

  @Test
  void aFileThatIsNotThereCannotBeOpened() {
    assertThrows(IOException.class, () -> FileBackend.open(directory.resolve("none"), opener));
  }

  @Test
  void callsAfterCloseFailAndCloseMayBeRepeated() throws IOException {
    SparseFile sparse = opener.open(file);
    sparse.close();
    sparse.close();
    assertThrows(IOException.class, () -> sparse.nextData(0));
    assertThrows(IOException.class, () -> sparse.punch(0, 1));
  }
}
