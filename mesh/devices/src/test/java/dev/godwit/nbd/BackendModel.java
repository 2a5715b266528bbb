package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** Compares a backend with an array of bytes through random calls. */
final class BackendModel {
  private final Backend backend;
  private final byte[] expected;

  /**
   * @param backend all zeroes, at most a few MiB
   */
  BackendModel(Backend backend) {
    this.backend = backend;
    this.expected = new byte[Math.toIntExact(backend.size())];
  }

  /** Makes random calls; a failure names the seed. */
  void run(int calls) throws IOException {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    try {
      for (int i = 0; i < calls; i++) {
        call(random);
      }
      read(0, expected.length);
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private void call(Random random) throws IOException {
    int offset = random.nextInt(expected.length + 1);
    int most = Math.min(expected.length - offset, 1 << random.nextInt(1, 20));
    int length = random.nextInt(most + 1);
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> {
        byte[] data = new byte[length];
        random.nextBytes(data);
        System.arraycopy(data, 0, expected, offset, length);
        ByteBuffer src = ByteBuffer.wrap(data);
        backend.write(src, offset);
        assertEquals(0, src.remaining());
      }
      case 3, 4 -> read(offset, length);
      case 5 -> {
        Arrays.fill(expected, offset, offset + length, (byte) 0);
        backend.zero(offset, length, random.nextBoolean() ? Holes.ALLOWED : Holes.FORBIDDEN);
      }
      case 6 -> extents(offset, length);
      default -> backend.flush();
    }
  }

  private void read(int offset, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length + 2).position(1).limit(length + 1);
    backend.read(dst, offset);
    assertEquals(0, dst.remaining());
    byte[] actual = new byte[length];
    dst.get(1, actual);
    assertArrayEquals(Arrays.copyOfRange(expected, offset, offset + length), actual);
  }

  private void extents(int offset, int length) throws IOException {
    long[] at = {offset};
    backend.extents(
        offset,
        length,
        (start, count, kind) -> {
          assertEquals(at[0], start);
          at[0] += count;
          if (kind == Extent.Kind.HOLE) {
            for (long i = start; i < start + count; i++) {
              assertEquals(0, expected[(int) i], "a hole at " + i);
            }
          }
        });
    assertEquals((long) offset + length, at[0]);
  }
}
