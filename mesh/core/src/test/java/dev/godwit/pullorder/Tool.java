package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Another party's program that a test needs. */
enum Tool {
  MKFS("mkfs.ext4", "e2fsprogs"),
  DUMPE2FS("dumpe2fs", "e2fsprogs"),
  DEBUGFS("debugfs", "e2fsprogs"),
  SQLITE("sqlite3", "sqlite3"),
  READELF("readelf", "binutils"),
  QEMU_IMG("qemu-img", "qemu-utils"),
  QEMU_IO("qemu-io", "qemu-utils"),
  SFDISK("sfdisk", "fdisk");

  private static final long SECONDS = Patience.seconds(60).toSeconds();

  private final String program;
  private final String debianPackage;

  Tool(String program, String debianPackage) {
    this.program = program;
    this.debianPackage = debianPackage;
  }

  /** Programs for administrators are not in everybody's PATH. */
  private String find() {
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    return Stream.of(path.split(":", -1))
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                new AssertionError(
                    program + " is missing, this test needs it: apt-get install " + debianPackage))
        .toString();
  }

  /** Runs it and gives what it printed, when it succeeded within a minute. */
  String run(Object... arguments) throws IOException, InterruptedException {
    return runWith("", arguments);
  }

  /** As {@link #run}, with something to read. */
  String runWith(String input, Object... arguments) throws IOException, InterruptedException {
    Path in = Files.writeString(Files.createTempFile("tool", ".in"), input);
    Path out = Files.createTempFile("tool", ".out");
    Path err = Files.createTempFile("tool", ".err");
    try {
      List<String> command =
          Stream.concat(Stream.of(find()), Stream.of(arguments).map(Object::toString)).toList();
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectInput(in.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().put("LC_ALL", "C");
      Process process = builder.start();
      try {
        assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), () -> command + " did not end");
      } finally {
        process.destroyForcibly();
      }
      String printed = Files.readString(out);
      String complaints = Files.readString(err);
      assertEquals(0, process.exitValue(), () -> command + ": " + printed + complaints);
      return printed;
    } finally {
      for (Path file : List.of(in, out, err)) {
        Files.deleteIfExists(file);
      }
    }
  }
}
