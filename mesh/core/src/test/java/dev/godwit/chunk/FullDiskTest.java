package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.ForwardingBackend;
import dev.godwit.testing.CrashDisk;
import dev.godwit.testing.Patience;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A state that is used where there is no room to keep what is fetched. */
@Timeout(30)
final class FullDiskTest {
  private static final ChunkGeometry GEOMETRY =
      new ChunkGeometry((3 << 20) + 1000, 4096, 64 * 1024);
  private static final byte[] STATE = Seeds.bytes(new Random(1), (int) GEOMETRY.size());

  /** Takes so many more writes. */
  private static final class FullDisk extends ForwardingBackend {
    private int left;

    FullDisk(int left) {
      super(new CrashDisk(new byte[(int) GEOMETRY.size()]));
      this.left = left;
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
      if (left-- <= 0) {
        throw new FileSystemException("cache", null, "No space left on device");
      }
      super.write(src, offset);
    }
  }

  private final BlockSet missing = new BlockSet(GEOMETRY.blocks());

  private PartialBackend partial(int left) {
    missing.add(0, GEOMETRY.blocks());
    return new PartialBackend(
        new FullDisk(left),
        GEOMETRY,
        missing,
        (dst, offset) -> dst.put(STATE, (int) offset, dst.remaining()),
        Patience.seconds(10));
  }

  @Test
  void readsAreAnsweredAlthoughNothingCanBeKept() throws Exception {
    PartialBackend partial = partial(0);
    Random random = new Random(2);
    for (int i = 0; i < 200; i++) {
      int length = random.nextInt(i % 10 == 0 ? STATE.length : 20_000);
      int offset = random.nextInt(STATE.length - length + 1);
      ByteBuffer read = ByteBuffer.allocate(length);
      partial.read(read, offset);
      assertEquals(length, read.position());
      assertArrayEquals(Arrays.copyOfRange(STATE, offset, offset + length), read.array());
    }
    assertEquals(GEOMETRY.blocks(), missing.count());
  }

  @Test
  void whatIsHereAlreadyIsReadFromHere() throws Exception {
    PartialBackend partial = partial(4);
    partial.write(ByteBuffer.wrap(new byte[] {7}), 300_000);
    partial.read(ByteBuffer.allocate(1), 0);
    int kept = GEOMETRY.blocks() - missing.count();
    assertTrue(kept > 1);
    ByteBuffer all = ByteBuffer.allocate(STATE.length);
    partial.read(all, 0);
    partial.read(all.clear(), 0);
    byte[] expected = STATE.clone();
    expected[300_000] = 7;
    assertArrayEquals(expected, all.array());
  }

  @Test
  void aWriteThatCannotBeKeptFails() {
    PartialBackend partial = partial(0);
    assertThrows(
        FileSystemException.class, () -> partial.write(ByteBuffer.wrap(new byte[] {7}), 5));
  }
}
