package dev.godwit.node;

import dev.godwit.log.DurableNames;
import dev.godwit.log.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * By what it shows that somebody has written to a file. Of a disk only the size is known, as the
 * kernel does not say when it was written to.
 *
 * @param bytes how large it is
 * @param modified when it was written to last, in nanoseconds since 1970; 0 of a disk
 */
record FileMark(long bytes, long modified) {
  private static final Logger LOG = LoggerFactory.getLogger(FileMark.class);

  /** Of a file about which it is known that somebody else has written to it. */
  static final FileMark NONE = new FileMark(-1, -1);

  /** How it is now. */
  static FileMark of(Path file) throws IOException {
    return new FileMark(
        LocalFiles.size(file),
        Files.isRegularFile(file) ? Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS) : 0);
  }

  /** What {@link #leave} has left; empty when there is nothing, or it does not make sense. */
  static Optional<FileMark> left(Path at) throws IOException {
    if (Files.notExists(at)) {
      return Optional.empty();
    }
    String[] numbers = Files.readString(at, StandardCharsets.US_ASCII).strip().split(" ", -1);
    try {
      return Optional.of(new FileMark(Long.parseLong(numbers[0]), Long.parseLong(numbers[1])));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      LOG.warn("{} makes no sense and is not used", at, e);
      return Optional.empty();
    }
  }

  /** Makes it durable in a file of its own. */
  void leave(Path at) throws IOException {
    WholeFile.replace(
        at, ByteBuffer.wrap((bytes + " " + modified + "\n").getBytes(StandardCharsets.US_ASCII)));
  }

  /** Forgets what was left, for good: from now on the file is written to. */
  static void forget(Path at) throws IOException {
    if (Files.deleteIfExists(at)) {
      DurableNames.force(at);
    }
  }
}
