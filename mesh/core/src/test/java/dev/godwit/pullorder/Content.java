package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.FileBackend;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.backend.SparseFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;

/** What is found in a content, to be compared byte by byte with what should be. */
final class Content {
  private final List<ByteRange> found;

  private Content(List<ByteRange> found) {
    this.found = found;
  }

  /** Looks into bytes with the format that recognises them, which must have this name. */
  static Content of(String format, byte[] bytes) throws IOException {
    return find(format, probe(bytes));
  }

  /** As above, with all bytes of a buffer. */
  static Content of(String format, ByteBuffer bytes) throws IOException {
    return of(format, bytes(bytes));
  }

  /** All bytes of a buffer. */
  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.get(0, bytes);
    return bytes;
  }

  /** Looks into a file. */
  static Content of(String format, Path file) throws IOException {
    try (FileBackend backend = FileBackend.open(file, _ -> SparseFile.dense())) {
      return find(format, new Probe(backend::read, backend.size()));
    }
  }

  private static Content find(String format, Probe probe) throws IOException {
    ContentFormat recognised = ContentFormats.standard().recognise(probe);
    assertNotNull(recognised, "nothing recognises it");
    assertEquals(format, recognised.name());
    recognised.findImportant(probe);
    return new Content(probe.found());
  }

  /** A probe of bytes in memory. */
  static Probe probe(byte[] bytes) {
    return new Probe(
        (dst, offset) -> {
          OutOfRangeException.check(offset, dst.remaining(), bytes.length);
          dst.put(bytes, (int) offset, dst.remaining());
        },
        bytes.length);
  }

  List<ByteRange> ranges() {
    return found;
  }

  /** The bytes of all ranges. */
  BitSet bytes() {
    return bytes(found);
  }

  static BitSet bytes(List<ByteRange> ranges) {
    BitSet set = new BitSet();
    for (ByteRange range : ranges) {
      set.set((int) range.offset(), Math.toIntExact(range.end()));
    }
    return set;
  }

  /** Asserts that a range was found whole. */
  void assertHas(String what, long offset, long length) {
    int missing = bytes().nextClearBit(Math.toIntExact(offset));
    assertTrue(
        missing >= offset + length,
        () -> what + " at " + offset + "+" + length + ": byte " + missing + " was not found");
  }

  /** Asserts that nothing of a range was found. */
  void assertLacks(String what, long offset, long length) {
    int extra = bytes().nextSetBit(Math.toIntExact(offset));
    assertTrue(
        extra < 0 || extra >= offset + length,
        () -> what + " at " + offset + "+" + length + ": byte " + extra + " was found");
  }

  /** The place of the first range that begins at {@code offset}. */
  int place(long offset) {
    for (int i = 0; i < found.size(); i++) {
      if (found.get(i).offset() == offset) {
        return i;
      }
    }
    throw new AssertionError("no range begins at " + offset + ": " + found);
  }
}
