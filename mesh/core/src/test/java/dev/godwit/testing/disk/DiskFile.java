package dev.godwit.testing.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** What of a file is on the disk, where that differs from what is read. Thread-safe. */
final class DiskFile {
  static final int PAGE = 4096;

  /** What is on the disk, of pages that were written since. */
  private final Map<Long, byte[]> before = new HashMap<>();

  /** Clean, and not on the disk. */
  private final Set<Long> lost = new HashSet<>();

  private int errors;

  /** How often writing back has failed; a descriptor compares that with what it has seen. */
  synchronized int errors() {
    return errors;
  }

  /** Before a range is written. */
  synchronized void dirty(FileChannel real, long offset, long length) throws IOException {
    for (long page = offset / PAGE; page * PAGE < offset + length; page++) {
      if (!before.containsKey(page)) {
        byte[] bytes = new byte[PAGE];
        int _ = real.read(ByteBuffer.wrap(bytes), page * PAGE);
        before.put(page, bytes);
      }
      lost.remove(page);
    }
  }

  /** Everything that is dirty is on the disk. */
  synchronized void written() {
    before.keySet().retainAll(lost);
  }

  /** Nothing of what is dirty is, and it counts as clean. */
  synchronized void failed() {
    lost.addAll(before.keySet());
    errors++;
  }

  synchronized void losePower(Path path, Random random) throws IOException {
    try (FileChannel real = FileChannel.open(path, StandardOpenOption.WRITE)) {
      long size = real.size();
      for (Map.Entry<Long, byte[]> page : before.entrySet()) {
        long at = page.getKey() * PAGE;
        if (at < size && (lost.contains(page.getKey()) || random.nextBoolean())) {
          int length = (int) Math.min(PAGE, size - at);
          int _ = real.write(ByteBuffer.wrap(page.getValue(), 0, length), at);
        }
      }
    }
    before.clear();
    lost.clear();
  }
}
