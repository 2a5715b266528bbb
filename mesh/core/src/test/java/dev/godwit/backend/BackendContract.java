package dev.godwit.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Holes;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every backend does, whatever it is made of. A backend's test extends this. */
public abstract class BackendContract {
  /** Two slabs of a memory backend and a tail. */
  private static final int SIZE = (2 << 20) + 777;

  /** For subclasses. */
  protected BackendContract() {}

  /** A new backend of {@code size} bytes, none of them written. */
  protected abstract Backend make(long size) throws IOException;

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 511, 4096, 1 << 20, SIZE})
  void whatWasNeverWrittenReadsAsZero(long size) throws IOException {
    try (Backend backend = make(size)) {
      assertEquals(size, backend.size());
      assertArrayEquals(new byte[(int) size], Contents.of(backend));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anArrayDoesTheSame(boolean direct) throws IOException {
    Random random = new Random(direct ? 1 : 2);
    byte[] model = new byte[SIZE];
    try (Backend backend = make(SIZE)) {
      for (int i = 0; i < 200; i++) {
        int offset = random.nextInt(SIZE);
        int length = random.nextInt(Math.min(SIZE - offset, i % 10 == 0 ? SIZE : 5000) + 1);
        switch (random.nextInt(4)) {
          case 0 -> {
            backend.zero(offset, length, random.nextBoolean() ? Holes.ALLOWED : Holes.FORBIDDEN);
            Arrays.fill(model, offset, offset + length, (byte) 0);
          }
          case 1 -> {
            ByteBuffer dst =
                direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
            backend.read(dst, offset);
            assertEquals(ByteBuffer.wrap(model, offset, length), dst.flip());
          }
          default -> {
            byte[] bytes = Seeds.bytes(random, length);
            ByteBuffer src =
                direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
            src.put(bytes).flip();
            backend.write(src.asReadOnlyBuffer(), offset);
            System.arraycopy(bytes, 0, model, offset, length);
          }
        }
      }
      backend.flush();
      assertArrayEquals(model, Contents.of(backend));
    }
  }

  @Test
  void absentBytesNeverShowWhatWasReadBefore() throws IOException {
    try (Backend backend = make(SIZE)) {
      byte[] ones = new byte[5000];
      Arrays.fill(ones, (byte) 1);
      backend.write(ByteBuffer.wrap(ones), 0);
      ByteBuffer dst = ByteBuffer.wrap(ones.clone());
      backend.read(dst, 1 << 20);
      assertArrayEquals(new byte[5000], dst.array());
    }
  }

  @Test
  void rangesOutsideAreRefusedAndNothingIsDone() throws IOException {
    try (Backend backend = make(1000)) {
      assertThrows(OutOfRangeException.class, () -> backend.write(ByteBuffer.allocate(2), 999));
      assertThrows(OutOfRangeException.class, () -> backend.write(ByteBuffer.allocate(1), -1));
      assertThrows(OutOfRangeException.class, () -> backend.read(ByteBuffer.allocate(1001), 0));
      assertThrows(
          OutOfRangeException.class, () -> backend.read(ByteBuffer.allocate(1), Long.MAX_VALUE));
      for (Holes holes : Holes.values()) {
        assertThrows(OutOfRangeException.class, () -> backend.zero(1, 1000, holes));
        assertThrows(OutOfRangeException.class, () -> backend.zero(0, -1, holes));
        assertThrows(OutOfRangeException.class, () -> backend.zero(5, Long.MAX_VALUE, holes));
      }
      assertThrows(OutOfRangeException.class, () -> backend.trim(1001, 0));
      assertThrows(
          OutOfRangeException.class, () -> backend.extents(1, 1000, (offset, length, kind) -> {}));
      backend.write(ByteBuffer.allocate(0), 1000);
      backend.read(ByteBuffer.allocate(0), 1000);
      assertArrayEquals(new byte[1000], Contents.of(backend));
    }
  }

  @ParameterizedTest
  @EnumSource(Holes.class)
  void extentsCoverTheRangeWithoutGapsAndHolesAreZero(Holes holes) throws IOException {
    try (Backend backend = make(SIZE)) {
      backend.write(ByteBuffer.wrap(new byte[] {1}), (1 << 20) + 5);
      backend.zero(0, 1 << 20, holes);
      for (int[] range : new int[][] {{0, SIZE}, {3, SIZE - 9}, {1 << 20, 7}, {SIZE, 0}}) {
        long[] at = {range[0]};
        backend.extents(
            range[0],
            range[1],
            (offset, length, kind) -> {
              assertEquals(at[0], offset);
              assertTrue(length > 0);
              at[0] += length;
              if (kind == Extent.Kind.HOLE) {
                ByteBuffer bytes = ByteBuffer.allocate((int) length);
                backend.read(bytes, offset);
                assertArrayEquals(new byte[(int) length], bytes.array());
              }
            });
        assertEquals(range[0] + range[1], at[0]);
      }
    }
  }

  @Test
  void afterCloseEveryCallFails() throws IOException {
    Backend backend = make(1000);
    backend.close();
    backend.close();
    assertThrows(BackendClosedException.class, () -> backend.read(ByteBuffer.allocate(1), 0));
    assertThrows(BackendClosedException.class, () -> backend.write(ByteBuffer.allocate(1), 0));
    assertThrows(BackendClosedException.class, () -> backend.zero(0, 1, Holes.ALLOWED));
    assertThrows(BackendClosedException.class, backend::flush);
  }
}
