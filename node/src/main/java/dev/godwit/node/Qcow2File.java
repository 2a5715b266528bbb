package dev.godwit.node;

import dev.godwit.libc.ShellWord;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Recognizes a disk image in QEMU's format that is more than one file: on top of another image, or
 * with its data elsewhere. Its format: docs/interop/qcow2.txt of QEMU.
 */
final class Qcow2File {
  /** {@code QFI} and 0xfb. */
  private static final int MAGIC = 0x514649fb;

  private static final int BACKING_OFFSET = 8;
  private static final int INCOMPATIBLE_FEATURES = 72;
  private static final long EXTERNAL_DATA = 1 << 2;

  /** The format allows no longer name. */
  private static final int LONGEST_NAME = 1023;

  private Qcow2File() {}

  /**
   * Passes what is no such image, or is one that is whole by itself.
   *
   * @throws NodeException when something of it would stay behind; says what to do
   */
  static void check(Path file) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) < INCOMPATIBLE_FEATURES + Long.BYTES) {
      return;
    }
    try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "r")) {
      if (image.readInt() != MAGIC) {
        return;
      }
      int version = image.readInt();
      image.seek(BACKING_OFFSET);
      long name = image.readLong();
      int length = image.readInt();
      if (name != 0) {
        throw refused(
            file, "is an image on top of another one, " + name(image, name, length) + ", which");
      }
      image.seek(INCOMPATIBLE_FEATURES);
      if (version >= 3 && (image.readLong() & EXTERNAL_DATA) != 0) {
        throw refused(file, "is an image whose data is in another file, which");
      }
    }
  }

  private static NodeException refused(Path file, String what) {
    return new NodeException(
        NodeException.Kind.FAILED,
        file
            + " "
            + what
            + " would stay behind. Make one image of them and seed that: qemu-img convert -O qcow2 "
            + ShellWord.of(file)
            + " "
            + ShellWord.of(file.resolveSibling("whole.qcow2"))
            + ".");
  }

  private static String name(RandomAccessFile image, long offset, int length) throws IOException {
    if (length <= 0 || length > LONGEST_NAME || offset < 0 || offset > image.length() - length) {
      return "without a name";
    }
    byte[] name = new byte[length];
    image.seek(offset);
    image.readFully(name);
    return new String(name, StandardCharsets.UTF_8);
  }
}
