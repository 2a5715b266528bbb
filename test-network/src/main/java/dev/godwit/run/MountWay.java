package dev.godwit.run;

import dev.godwit.testnetwork.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** How a mount becomes a file that can be a loop device. */
enum MountWay {
  /** It is a file. */
  FUSE {
    @Override
    String device(Path at) {
      return at.toString();
    }

    @Override
    MountedFile open(Programs programs, Path at) {
      return MountedFile.of(at);
    }
  },
  /** It is an NBD server; libnbd's client makes a file of it. */
  NBD {
    @Override
    String device(Path at) {
      return "nbd:unix:" + socket(at);
    }

    @Override
    MountedFile open(Programs programs, Path at) throws IOException, InterruptedException {
      Path file = at.resolveSibling("nbd");
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
      return MountedFile.nbdfuse(
          programs
              .builder(List.of("nbdfuse", file.toString(), "nbd+unix:///?socket=" + socket(at)))
              .start(),
          file,
          programs);
    }
  };

  private static Path socket(Path at) {
    return Path.of("/tmp").resolve("godwit-run-" + Integer.toHexString(at.hashCode()));
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The device, as {@code godwit mount} takes it. */
  abstract String device(Path at);

  /** The file, once the mount is ready. */
  abstract MountedFile open(Programs programs, Path at) throws IOException, InterruptedException;

  /** Takes away what a killed mount has left. */
  void clear(Programs programs, Path at) throws IOException, InterruptedException {
    var _ = programs.run("umount", "--lazy", "--quiet", at.toString());
    Files.deleteIfExists(socket(at));
  }
}
