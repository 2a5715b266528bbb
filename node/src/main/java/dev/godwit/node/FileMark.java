package dev.godwit.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * By what it shows that somebody has written to a file. Of a disk only the size is known, as the
 * kernel does not say when it was written to.
 *
 * @param bytes how large it is
 * @param modified when it was written to last, in nanoseconds since 1970; 0 of a disk
 */
record FileMark(long bytes, long modified) {
  /** Of a file about which it is known that somebody else has written to it. */
  static final FileMark NONE = new FileMark(-1, -1);

  /** How it is now. */
  static FileMark of(Path file) throws IOException {
    return new FileMark(
        LocalFiles.size(file),
        Files.isRegularFile(file) ? Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS) : 0);
  }
}
