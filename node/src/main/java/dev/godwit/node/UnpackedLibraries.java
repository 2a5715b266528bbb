package dev.godwit.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of this process alone into which its native libraries are unpacked, and which goes
 * with it. Those who unpack them take them away again, but not when the process is asked to end
 * meanwhile; without being told where, one of them would even use the current folder then.
 * Thread-safe.
 */
public final class UnpackedLibraries implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UnpackedLibraries.class);
  private static final String TEMPORARY = "java.io.tmpdir";

  /** Where jffi, zstd-jni and Netty look for such a folder, each when it is used first. */
  private static final List<String> PROPERTIES =
      List.of("jffi.extract.dir", "ZstdTempFolder", "io.netty.native.workdir");

  /** Somebody may be unpacking just now. */
  private static final int ATTEMPTS = 20;

  private @Nullable Path folder;
  private boolean closed;

  /** No folder yet. */
  public UnpackedLibraries() {}

  /**
   * Lets this process use such a folder, and one that will do for everything temporary; called
   * before it uses any.
   */
  public synchronized void open() {
    Path usual = Path.of(System.getProperty(TEMPORARY, "/tmp"));
    Optional<Path> found =
        closed
            ? Optional.empty()
            : new NativeFolder(System.getenv(), Path.of("/proc/self/mounts")).find(usual);
    if (found.isEmpty()) {
      return;
    }
    if (!found.get().equals(usual)) {
      System.setProperty(TEMPORARY, found.get().toString());
    }
    try {
      Path made = Files.createTempDirectory(found.get(), "godwit-native");
      folder = made;
      PROPERTIES.forEach(property -> System.setProperty(property, made.toString()));
    } catch (IOException e) {
      LOG.debug("nothing can be made in {}", found.get(), e);
    }
  }

  /** Where they are unpacked, when it is there. */
  synchronized Optional<Path> folder() {
    return Optional.ofNullable(folder);
  }

  /** Takes the folder away; from now on nothing is unpacked any more. */
  @Override
  public synchronized void close() {
    closed = true;
    Path made = folder;
    folder = null;
    for (int attempt = 0; made != null && attempt < ATTEMPTS; attempt++) {
      try {
        delete(made);
        return;
      } catch (IOException e) {
        LOG.debug("{} cannot be deleted yet", made, e);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        boolean _ = Files.deleteIfExists(file);
      }
    }
    boolean _ = Files.deleteIfExists(folder);
  }
}
