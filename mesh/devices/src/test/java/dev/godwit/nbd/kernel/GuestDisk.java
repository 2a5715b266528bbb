package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a guest starts from: a small Linux of programs of this machine, and what the test adds. The
 * guest can only read it.
 */
final class GuestDisk {
  private static final Tool BUSYBOX = new Tool("busybox", "busybox");
  private static final Tool MAKE_EXT4 = new Tool("mkfs.ext4", "e2fsprogs");

  private static final List<Tool> TOOLS =
      List.of(
          BUSYBOX,
          MAKE_EXT4,
          new Tool("e2fsck", "e2fsprogs"),
          new Tool("mkswap", "util-linux"),
          new Tool("nbd-client", "nbd-client"));

  /** The network card and what it is plugged into, and what the tests are about. */
  private static final List<String> MODULES = List.of("virtio_pci", "virtio_net", "nbd");

  private static final long ROOM = 16 << 20;

  private final Path image;
  private final Path tree;

  /** Collects what is needed; fails when it is not installed. */
  GuestDisk(Path directory, GuestKernel kernel) throws IOException {
    this.image = directory.resolve("disk");
    this.tree = Files.createDirectory(directory.resolve("tree"));
    for (String folder : List.of("bin", "dev", "etc", "java", "modules", "proc", "sys", "tmp")) {
      var _ = Files.createDirectory(tree.resolve(folder));
    }
    addPrograms();
    var _ = Files.copy(Path.of("/etc/mke2fs.conf"), tree.resolve("etc/mke2fs.conf"));
    List<String> modules = new ArrayList<>();
    for (Path module : kernel.files(MODULES)) {
      String name = module.getFileName().toString();
      var _ = Files.copy(module, tree.resolve("modules").resolve(name));
      modules.add(name);
    }
    add("modules/list", String.join("\n", modules) + "\n");
    addScript("init", "guest.sh");
  }

  private void addPrograms() throws IOException {
    Path bin = tree.resolve("bin");
    for (Tool tool : TOOLS) {
      Path program = tool.path();
      var _ = Files.copy(program, bin.resolve(tool.name()));
      addLibraries(Tool.libraries(program));
    }
    for (String applet : Command.run(BUSYBOX.path().toString(), "--list").split("\n", -1)) {
      if (!applet.isBlank() && !Files.exists(bin.resolve(applet))) {
        var _ = Files.createSymbolicLink(bin.resolve(applet), Path.of(BUSYBOX.name()));
      }
    }
  }

  /** Puts libraries where the dynamic linker finds them here. */
  void addLibraries(Set<Path> libraries) throws IOException {
    for (Path library : libraries) {
      Path copy = tree.resolve(Path.of("/").relativize(library));
      var _ = Files.createDirectories(Objects.requireNonNull(copy.getParent()));
      var _ = Files.copy(library, copy, REPLACE_EXISTING);
    }
  }

  /** Puts a file there. */
  void add(String name, String contents) throws IOException {
    add(name, contents.getBytes(UTF_8));
  }

  /** Puts a file there. */
  void add(String name, byte[] contents) throws IOException {
    var _ = Files.write(tree.resolve(name), contents);
  }

  private void addScript(String name, String script) throws IOException {
    Path copy = tree.resolve(name);
    try (InputStream source =
        Objects.requireNonNull(GuestDisk.class.getResourceAsStream(script), script)) {
      long _ = Files.copy(source, copy);
    }
    if (!copy.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + copy + " executable");
    }
  }

  /** What the guest runs when it is up, and variables for it. */
  void run(String script, Map<String, String> variables) throws IOException {
    addScript("test.sh", script);
    var text = new StringBuilder();
    variables.forEach((name, value) -> text.append(name).append("='").append(value).append("'\n"));
    add("variables", text.toString());
  }

  /** Puts all of our classes there and returns the class path in the guest. */
  String addClasses() throws IOException {
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path original = Path.of(entry);
      if (Files.exists(original)) {
        Path place = Path.of("/classes" + entries.size(), original.getFileName().toString());
        copy(original, tree.resolve(Path.of("/").relativize(place)));
        entries.add(place.toString());
      }
    }
    return String.join(":", entries);
  }

  private static void copy(Path from, Path to) throws IOException {
    var _ = Files.createDirectories(Objects.requireNonNull(to.getParent()));
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        var _ = Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  /** Makes the disk's image. */
  Path make() throws IOException {
    return make(tree, image);
  }

  /** Makes an image with everything below {@code tree}. */
  static Path make(Path tree, Path image) throws IOException {
    long bytes = ROOM;
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        bytes += Files.isRegularFile(file) ? Files.size(file) + 4096 : 4096;
      }
    }
    var _ =
        Command.run(
            MAKE_EXT4.path().toString(),
            "-q",
            "-O",
            "^has_journal",
            "-d",
            tree.toString(),
            image.toString(),
            ((bytes + bytes / 8) >> 10) + "k");
    return image;
  }
}
