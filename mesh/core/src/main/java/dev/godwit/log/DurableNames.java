package dev.godwit.log;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the names in a folder durable, which those of new and renamed files are not by itself. */
public final class DurableNames {
  private static final Logger LOG = LoggerFactory.getLogger(DurableNames.class);

  private DurableNames() {}

  /**
   * Makes a file's name durable. An interrupt waits until that is done.
   *
   * @param file in the folder
   * @throws IOException when it is not known to be durable
   */
  public static void force(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    boolean interrupted = false;
    try {
      while (true) {
        try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
          names.force(true);
          return;
        } catch (ClosedByInterruptException e) {
          LOG.trace("again, with the interrupt put off", e);
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
