package dev.godwit.fuse;

import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel's list of FUSE connections, {@code /sys/fs/fuse/connections}. It is a file system of
 * its own, which on small systems is not mounted; those who may then mount it for a moment.
 */
final class FuseControl {
  private static final Logger LOG = LoggerFactory.getLogger(FuseControl.class);
  private static final Path USUAL = Path.of("/sys/fs/fuse/connections");

  private final SystemCalls calls;

  FuseControl(SystemCalls calls) {
    this.calls = calls;
  }

  /**
   * Ends a connection, if it has not ended: every call that waits for it fails, also of a mount
   * that is out of sight.
   *
   * @param device number of the file system, {@code major:minor}
   * @throws IOException when the connection cannot be seen, or may not be ended
   */
  void abort(String device) throws IOException {
    String connection = device.substring(device.indexOf(':') + 1);
    if (MountTable.now().at(USUAL).isPresent()) {
      abort(USUAL.resolve(connection));
      return;
    }
    Path moment = Files.createTempDirectory("godwit");
    try {
      if (calls.libc().mount("fusectl", moment.toString(), "fusectl", 0, "") < 0) {
        throw calls.failure("mounting the list of FUSE connections");
      }
      try {
        abort(moment.resolve(connection));
      } finally {
        var _ = calls.libc().umount2(moment.toString(), LibC.MNT_DETACH);
      }
    } finally {
      Files.deleteIfExists(moment);
    }
  }

  private static void abort(Path connection) throws IOException {
    try {
      Files.writeString(connection.resolve("abort"), "1", StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      LOG.debug("{} has ended by itself", connection, e);
    }
  }
}
