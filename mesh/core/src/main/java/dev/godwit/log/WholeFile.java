package dev.godwit.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Small files that are there as they were or as they are to be, and never in between. */
public final class WholeFile {
  private WholeFile() {}

  /**
   * Makes a file with this content, durable, in the place of the one that is there, if there is
   * one. One at a time for each file: what comes of two that do so at once is not known.
   *
   * @param content from position to limit; is read to its end
   * @throws IOException when it is not known to be durable; the file has the old content or the new
   */
  public static void replace(Path file, ByteBuffer content) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      while (content.hasRemaining()) {
        int _ = out.write(content);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    DurableNames.force(file);
  }
}
