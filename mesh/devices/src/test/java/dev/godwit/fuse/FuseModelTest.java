package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.SparseFile;
import dev.godwit.backend.StagedBackend;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random calls through the kernel, compared with an array of bytes. From the process that serves
 * the file: that is safe as long as nothing is mapped.
 */
@Timeout(120)
final class FuseModelTest {
  private static final int BLOCK = 4096;
  private static final int SIZE = 3 * (1 << 20) + 777;
  private static final int CALLS = 400;

  /** O_DIRECT. The compiler warns of everybody who names the JDK's own class for it. */
  private static final OpenOption DIRECT = direct();

  @TempDir Path directory;
  private final Mounts mounts = new Mounts();

  private static OpenOption direct() {
    try {
      for (Object option :
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
        if (option instanceof OpenOption open && option.toString().equals("DIRECT")) {
          return open;
        }
      }
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("the JDK offers no O_DIRECT");
  }

  @AfterEach
  void unmount() throws IOException {
    mounts.close();
  }

  @ParameterizedTest
  @CsvSource({"MEMORY,KEPT", "MEMORY,NONE", "LOCAL,KEPT", "REMOTE,KEPT", "REMOTE,NONE"})
  void theFileIsAnArrayOfBytes(Latency latency, FuseSettings.Caching caching) {
    Seeds.each(
        5,
        random -> {
          try (Backend backend = new StagedBackend(SIZE, latency)) {
            var settings = FuseSettings.DEFAULT.withCaching(caching).withInFlight(4);
            byte[] expected = new byte[SIZE];
            try (var file = mounts.mount(backend, directory.resolve("disk"), settings);
                var model = new Model(file.path(), expected, random)) {
              for (int i = 0; i < CALLS; i++) {
                model.call();
              }
            }
            byte[] stored = new byte[SIZE];
            backend.read(ByteBuffer.wrap(stored), 0);
            assertArrayEquals(expected, stored);
          }
        });
  }

  /** A file and what it should hold. */
  private static final class Model implements AutoCloseable {
    private final FileChannel buffered;
    private final FileChannel direct;
    private final SparseFile sparse;
    private final byte[] expected;
    private final Random random;

    Model(Path file, byte[] expected, Random random) throws IOException {
      this.expected = expected;
      this.random = random;
      buffered = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      direct = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, DIRECT);
      sparse = NativeSparseFile.opener().open(file);
    }

    void call() throws IOException {
      int offset = random.nextInt(SIZE);
      int most = Math.min(SIZE - offset, 1 << random.nextInt(1, 21));
      int length = 1 + random.nextInt(most);
      int blockOffset = offset / BLOCK * BLOCK;
      int blockLength = Math.min(SIZE / BLOCK * BLOCK - blockOffset, (length / BLOCK + 1) * BLOCK);
      switch (random.nextInt(9)) {
        case 0, 1 -> write(buffered, offset, length);
        case 2 -> write(direct, blockOffset, blockLength);
        case 3, 4 -> read(buffered, offset, length);
        case 5 -> read(direct, blockOffset, blockLength);
        case 6 -> {
          assertTrue(sparse.punch(offset, length));
          Arrays.fill(expected, offset, offset + length, (byte) 0);
        }
        case 7 -> seek(offset);
        default -> buffered.force(false);
      }
    }

    private void write(FileChannel channel, int offset, int length) throws IOException {
      ByteBuffer data = buffer(length);
      byte[] bytes = Seeds.bytes(random, length);
      System.arraycopy(bytes, 0, expected, offset, length);
      data.put(bytes).flip();
      while (data.hasRemaining()) {
        var _ = channel.write(data, offset + data.position());
      }
    }

    private void read(FileChannel channel, int offset, int length) throws IOException {
      ByteBuffer data = buffer(length);
      while (data.hasRemaining()) {
        int count = channel.read(data, offset + data.position());
        assertTrue(count > 0, "bytes read at " + (offset + data.position()));
      }
      byte[] actual = new byte[length];
      data.get(0, actual);
      assertArrayEquals(Arrays.copyOfRange(expected, offset, offset + length), actual);
    }

    private static ByteBuffer buffer(int length) {
      int blocks = length / BLOCK + 2;
      return ByteBuffer.allocateDirect(blocks * BLOCK).alignedSlice(BLOCK).limit(length);
    }

    /** Between here and the next data there is nothing but zeroes. */
    private void seek(int offset) throws IOException {
      long data = sparse.nextData(offset);
      int end = data < 0 ? SIZE : (int) data;
      for (int i = offset; i < end; i++) {
        assertEquals(0, expected[i], "a hole at " + i);
      }
    }

    @Override
    public void close() throws IOException {
      try (buffered;
          direct) {
        sparse.close();
      }
    }
  }
}
