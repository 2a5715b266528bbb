package dev.godwit.fuse;

import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/** Serves memory as a file until its standard input ends; for tests, and to measure by hand. */
final class ServeFile {
  private ServeFile() {}

  /**
   * Arguments: the path, the size in bytes, and any of {@code uncached}, {@code threads=N}, {@code
   * self} (has its own file open, which nobody should), {@code force} (unmounts at once).
   */
  public static void main(String[] args) throws IOException {
    Path path = Path.of(args[0]);
    List<String> options = List.of(args).subList(2, args.length);
    FuseSettings settings = FuseSettings.DEFAULT;
    for (String option : options) {
      if (option.startsWith("threads=")) {
        settings = settings.withThreads(Integer.parseInt(option.substring("threads=".length())));
      }
    }
    if (options.contains("uncached")) {
      settings = settings.withCaching(FuseSettings.Caching.NONE);
    }
    try (var backend = new MemoryBackend(Long.parseLong(args[1]));
        var file = FuseFile.mount(backend, path, settings)) {
      if (options.contains("self")) {
        try (var own = FileChannel.open(file.path(), StandardOpenOption.READ)) {
          System.out.println(own.isOpen() ? "ready" : "closed");
          var _ = System.in.read();
        }
      } else {
        System.out.println("ready");
        var _ = System.in.read();
        if (options.contains("force")) {
          file.close(Duration.ofMillis(10), Unmount.FORCED);
        }
      }
    }
  }
}
