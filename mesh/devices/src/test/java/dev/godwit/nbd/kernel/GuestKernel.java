package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The Linux that guests run, which lies in a folder of its own with its modules. */
final class GuestKernel {
  private final Path folder;
  private final Path modules;

  /** For each module that is a file those that it needs, the nearest first. */
  private final Map<String, List<String>> needed;

  private final Set<String> builtIn;

  private GuestKernel(Path folder, Path modules) throws IOException {
    this.folder = folder;
    this.modules = modules;
    this.needed =
        lines("modules.dep")
            .map(line -> line.split(":", 2))
            .collect(
                Collectors.toMap(line -> line[0], line -> List.of(line[1].strip().split(" +"))));
    this.builtIn = lines("modules.builtin").map(GuestKernel::name).collect(Collectors.toSet());
  }

  /** The one that {@code test-network/kernel} has prepared; fails when it has not. */
  static GuestKernel prepared() throws IOException {
    String home = System.getenv().getOrDefault("HOME", "/");
    String caches = System.getenv().getOrDefault("XDG_CACHE_HOME", home + "/.cache");
    Path folder = Path.of(caches, "godwit", "kernel");
    if (!Files.exists(folder.resolve("vmlinuz"))) {
      throw new AssertionError(
          "there is no kernel for guests in " + folder + "; get it with: test-network/kernel");
    }
    try (Stream<Path> versions = Files.list(folder.resolve("lib/modules"))) {
      return new GuestKernel(folder, versions.findAny().orElseThrow());
    }
  }

  private Stream<String> lines(String file) throws IOException {
    return Files.readAllLines(modules.resolve(file), UTF_8).stream();
  }

  private static String name(String file) {
    return file.substring(file.lastIndexOf('/') + 1).replace(".ko", "");
  }

  /** The file that starts. */
  Path image() {
    return folder.resolve("vmlinuz");
  }

  /** The files of modules with everything that they need, in the order of loading. */
  Set<Path> files(List<String> names) {
    Set<Path> files = new LinkedHashSet<>();
    for (String name : names) {
      if (!builtIn.contains(name)) {
        String file =
            needed.keySet().stream()
                .filter(one -> name(one).equals(name))
                .findAny()
                .orElseThrow(() -> new AssertionError("the guests' kernel has no module " + name));
        add(file, files);
      }
    }
    return files;
  }

  private void add(String file, Set<Path> files) {
    for (String other : needed.getOrDefault(file, List.of())) {
      if (!other.isEmpty()) {
        add(other, files);
      }
    }
    files.add(modules.resolve(file));
  }
}
