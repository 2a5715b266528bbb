package dev.godwit.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds a folder for native libraries. They are packed into jar files and have to be unpacked into
 * one from which code may be run; /tmp is not one everywhere: it may be mounted noexec, read-only,
 * or be full.
 */
public final class NativeFolder {
  /** All libraries together, and some room for others. */
  private static final long ROOM = 48L << 20;

  private final Map<String, String> environment;
  private final Path mounts;

  /**
   * A search.
   *
   * @param environment where {@code GODWIT_NATIVE_DIR}, {@code TMPDIR}, {@code XDG_RUNTIME_DIR},
   *     {@code XDG_CACHE_HOME} and {@code HOME} name folders
   * @param mounts a file like {@code /proc/self/mounts}
   */
  public NativeFolder(Map<String, String> environment, Path mounts) {
    this.environment = environment;
    this.mounts = mounts;
  }

  /**
   * The first folder that will do.
   *
   * @param usual where such things are put otherwise
   */
  public Optional<Path> find(Path usual) {
    List<Path> noexec = noexec();
    for (Path folder : candidates(usual)) {
      if (isUsable(folder, noexec)) {
        return Optional.of(folder);
      }
    }
    return Optional.empty();
  }

  private List<Path> candidates(Path usual) {
    List<Path> all = new ArrayList<>();
    add(all, "GODWIT_NATIVE_DIR", "");
    all.add(usual);
    add(all, "TMPDIR", "");
    add(all, "XDG_RUNTIME_DIR", "");
    add(all, "XDG_CACHE_HOME", "");
    add(all, "HOME", ".cache");
    add(all, "HOME", "");
    all.add(Path.of("/var/tmp"));
    all.add(Path.of("/dev/shm"));
    return all;
  }

  private void add(List<Path> all, String variable, String inside) {
    @Nullable String folder = environment.get(variable);
    if (folder != null && !folder.isEmpty()) {
      all.add(Path.of(folder, inside));
    }
  }

  private static boolean isUsable(Path folder, List<Path> noexec) {
    try {
      Path real = folder.toRealPath();
      return Files.isDirectory(real)
          && Files.isWritable(real)
          && !noexec.contains(mountOf(real, noexec))
          && Files.getFileStore(real).getUsableSpace() >= ROOM;
    } catch (IOException e) {
      // Not there, or not for us: another one is looked at.
      return false;
    }
  }

  /** The mount of those given that a folder is on; the folder itself when it is on none. */
  private static Path mountOf(Path folder, List<Path> mounts) {
    return mounts.stream()
        .filter(folder::startsWith)
        .filter(mount -> isOnSameStore(folder, mount))
        .findFirst()
        .orElse(folder);
  }

  private static boolean isOnSameStore(Path folder, Path mount) {
    try {
      return Files.getAttribute(folder, "unix:dev").equals(Files.getAttribute(mount, "unix:dev"));
    } catch (IOException e) {
      // What cannot be looked at is taken for the same, and another folder is used.
      return true;
    }
  }

  private List<Path> noexec() {
    try {
      return Files.readAllLines(mounts, StandardCharsets.ISO_8859_1).stream()
          .map(line -> line.split(" ", -1))
          .filter(fields -> fields.length > 3)
          .filter(fields -> Arrays.asList(fields[3].split(",", -1)).contains("noexec"))
          .map(fields -> Path.of(fields[1].replace("\\040", " ")))
          .toList();
    } catch (IOException e) {
      // A system without such a file: nothing is known to forbid it.
      return List.of();
    }
  }
}
