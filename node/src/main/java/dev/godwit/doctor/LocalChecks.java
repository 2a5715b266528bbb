package dev.godwit.doctor;

import dev.godwit.nbd.kernel.KernelNbd;
import dev.godwit.node.NativeFolder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What can be found out on this machine alone. Takes some tenths of a second. */
public final class LocalChecks {
  /** A node with one mount and one migration has about a hundred. */
  private static final long DESCRIPTORS = 256;

  private static final long ROOM = 256L << 20;
  private static final long MEMORY = 384L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(LocalChecks.class);

  private final Path home;
  private final Map<String, String> environment;

  /**
   * Checks for one node.
   *
   * @param home its folder, which need not exist
   * @param environment where programs and folders are looked for
   */
  public LocalChecks(Path home, Map<String, String> environment) {
    this.home = home;
    this.environment = environment;
  }

  /** Tells everything, as it is known. */
  public void tell(Consumer<Finding> told) {
    told.accept(nativeLibraries());
    told.accept(fuse());
    told.accept(disks());
    told.accept(descriptors());
    told.accept(memory());
    told.accept(room());
  }

  private Finding nativeLibraries() {
    Path usual = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    return new NativeFolder(environment, Path.of("/proc/self/mounts"))
        .find(usual)
        .map(folder -> Finding.good("native", "libraries are unpacked into " + folder))
        .orElseGet(
            () ->
                Finding.trouble(
                    "native",
                    "no folder is there from which native libraries may be loaded",
                    "Name one with GODWIT_NATIVE_DIR that has room and is not mounted noexec."
                        + " Without it there is no QUIC, no WebRTC and no device."));
  }

  private Finding fuse() {
    Path device = Path.of("/dev/fuse");
    if (!Files.exists(device)) {
      return Finding.note(
          "fuse",
          "this kernel has no /dev/fuse, so a resource cannot be mounted as a file",
          "As root: modprobe fuse. In a container: --device /dev/fuse. Or mount as nbd:unix:PATH.");
    }
    try (FileChannel _ =
        FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      LOG.trace("{} can be opened", device);
    } catch (IOException e) {
      return Finding.note(
          "fuse",
          "/dev/fuse cannot be opened, so nothing can be mounted as a file ("
              + e.getMessage()
              + ")",
          isRoot()
              ? "In a container: --device /dev/fuse. Or mount as nbd:unix:PATH."
              : "As root: chmod 666 /dev/fuse. Or mount as nbd:unix:PATH.");
    }
    return isRoot() || isInPath("fusermount3")
        ? Finding.good("fuse", "resources can be mounted as files")
        : Finding.note(
            "fuse",
            "fusermount3 is missing, which mounts for users who are not root",
            "Install it (Debian: apt-get install fuse3).");
  }

  private static boolean isRoot() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | UnsupportedOperationException e) {
      return "root".equals(System.getProperty("user.name"));
    }
  }

  private static Finding disks() {
    if (!isRoot()) {
      return Finding.note(
          "disks",
          "a resource cannot be a disk here: only root can make one",
          "Use it as a file, or as nbd:unix:PATH.");
    }
    Optional<String> obstacle;
    try {
      obstacle = KernelNbd.obstacle();
    } catch (LinkageError e) {
      return Finding.note(
          "disks",
          "whether there can be disks is not known without native libraries",
          "See 'native'.");
    }
    if (obstacle.isEmpty()) {
      return Finding.good("disks", "'block' makes disks /dev/nbdN");
    }
    return Files.exists(Path.of("/dev/loop-control"))
        ? Finding.good("disks", "'block' makes disks /dev/loopN (" + obstacle.get() + ")")
        : Finding.note(
            "disks",
            "a resource cannot be a disk here: " + obstacle.get(),
            "Use it as a file, or as nbd:unix:PATH.");
  }

  private static Finding descriptors() {
    long limit = openFiles();
    return limit >= DESCRIPTORS
        ? Finding.good("limits", limit + " files may be open")
        : Finding.trouble(
            "limits",
            "only " + limit + " files may be open, connections included",
            "Raise it: ulimit -n 1024, or LimitNOFILE=1024 in a systemd unit.");
  }

  private static long openFiles() {
    try {
      for (String line :
          Files.readAllLines(Path.of("/proc/self/limits"), StandardCharsets.US_ASCII)) {
        if (line.startsWith("Max open files")) {
          String soft = line.substring("Max open files".length()).strip().split("\\s+", 2)[0];
          return soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft);
        }
      }
    } catch (IOException | NumberFormatException e) {
      // A system without such a file has no limit that could be told.
      return Long.MAX_VALUE;
    }
    return Long.MAX_VALUE;
  }

  private static Finding memory() {
    long free = availableMemory();
    return free < 0 || free >= MEMORY
        ? Finding.good("memory", free < 0 ? "how much is free is not known" : mebibytes(free))
        : Finding.note(
            "memory",
            "only " + mebibytes(free) + ", and a node takes up to " + (MEMORY >> 20) + " MiB",
            "End other programs, or give the machine or container more.");
  }

  private static String mebibytes(long bytes) {
    return (bytes >> 20) + " MiB are free";
  }

  private static long availableMemory() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"), StandardCharsets.US_ASCII)) {
        if (line.startsWith("MemAvailable:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return -1;
    }
    return -1;
  }

  private Finding room() {
    if (Files.isDirectory(home) && !(Files.isReadable(home) && Files.isExecutable(home))) {
      return Finding.trouble(
          "room",
          "this node's folder, " + home + ", may not be read by this user",
          "Look at its owner and its rights ('ls -ld'), be another user, or name another --home.");
    }
    @Nullable Path folder = home.toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    if (folder == null) {
      return Finding.trouble("room", home + " cannot be made", "Name another --home.");
    }
    try {
      FileStore store = Files.getFileStore(folder);
      long free = store.getUsableSpace();
      String text = (free >> 20) + " MiB are free for keys and caches at " + folder;
      return free >= ROOM
          ? Finding.good("room", text)
          : Finding.note("room", "only " + text, "Make room, or use another --home or --cache.");
    } catch (IOException e) {
      return Finding.note(
          "room", "how much room " + folder + " has is not known: " + e.getMessage(), "Try 'df'.");
    }
  }

  private boolean isInPath(String program) {
    String path = environment.getOrDefault("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    for (String folder : path.split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }
}
