package dev.godwit.nbd.kernel;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * This virtual machine's JDK as a disk for guests, which is made once and kept beside the build.
 */
final class GuestJava {
  /** Where the guest has it. */
  static final String COMMAND = "/java/bin/java";

  /** For developers only. */
  private static final Set<String> LEFT_OUT =
      Set.of("src.zip", "ct.sym", "jmods", "demo", "include", "legal", "man");

  private static final Path HOME = Path.of(System.getProperty("java.home"));
  private static final Path KEPT = Path.of("target", "guest");

  private GuestJava() {}

  /** The disk. */
  static Path disk() throws IOException {
    String version = System.getProperty("java.vm.version");
    Path disk = KEPT.resolve("java-" + version.replaceAll("[^A-Za-z0-9.]", "-"));
    if (!Files.exists(disk)) {
      Path work = Files.createTempDirectory(Files.createDirectories(KEPT), "java");
      try {
        Path tree = work.resolve("tree");
        copy(tree);
        Path made = GuestDisk.make(tree, work.resolve("disk"));
        var _ = Files.move(made, disk, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(work);
      }
    }
    return disk;
  }

  /** The libraries of this machine that it needs. */
  static Set<Path> libraries() throws IOException {
    Set<Path> libraries = new LinkedHashSet<>();
    for (String file : List.of("bin/java", "lib/server/libjvm.so", "lib/libnio.so")) {
      libraries.addAll(Tool.libraries(HOME.resolve(file)));
    }
    libraries.removeIf(library -> library.startsWith(HOME));
    return libraries;
  }

  /** Some distributions keep parts of it elsewhere, so links are followed. */
  private static void copy(Path tree) throws IOException {
    var _ =
        Files.walkFileTree(
            HOME,
            EnumSet.of(FileVisitOption.FOLLOW_LINKS),
            Integer.MAX_VALUE,
            new SimpleFileVisitor<>() {
              @Override
              public FileVisitResult preVisitDirectory(Path from, BasicFileAttributes attributes)
                  throws IOException {
                if (LEFT_OUT.contains(from.getFileName().toString())) {
                  return FileVisitResult.SKIP_SUBTREE;
                }
                var _ = Files.createDirectory(tree.resolve(HOME.relativize(from).toString()));
                return FileVisitResult.CONTINUE;
              }

              @Override
              public FileVisitResult visitFile(Path from, BasicFileAttributes attributes)
                  throws IOException {
                if (attributes.isRegularFile()
                    && !LEFT_OUT.contains(from.getFileName().toString())) {
                  var _ =
                      Files.copy(
                          from,
                          tree.resolve(HOME.relativize(from).toString()),
                          StandardCopyOption.COPY_ATTRIBUTES);
                }
                return FileVisitResult.CONTINUE;
              }
            });
  }

  private static void delete(Path work) throws IOException {
    var _ =
        Files.walkFileTree(
            work,
            new SimpleFileVisitor<>() {
              @Override
              public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                  throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
              }

              @Override
              public FileVisitResult postVisitDirectory(
                  Path folder, @org.jspecify.annotations.Nullable IOException failure)
                  throws IOException {
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
              }
            });
  }
}
