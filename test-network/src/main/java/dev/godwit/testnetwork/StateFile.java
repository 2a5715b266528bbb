package dev.godwit.testnetwork;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Files that hold state to be moved. */
public final class StateFile {
  private static final int STEP = 1 << 20;

  private StateFile() {}

  /** A sparse file of {@code size} bytes that begins with {@code data} random ones. */
  public static Path create(Path file, long size, long data, long seed) throws IOException {
    Random random = new Random(seed);
    byte[] step = new byte[STEP];
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long left = data; left > 0; left -= step.length) {
        random.nextBytes(step);
        channel.write(ByteBuffer.wrap(step, 0, (int) Math.min(step.length, left)));
      }
      if (size > data) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
    }
    return file;
  }

  /** A file of random bytes. */
  public static Path random(Path file, long size, long seed) throws IOException {
    return create(file, size, size, seed);
  }

  /** The SHA-256 of what is in a file. */
  public static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
