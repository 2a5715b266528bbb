package dev.godwit.nbd.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A program that a guest needs, inside or outside.
 *
 * @param name what it is called
 * @param debianPackage which package has it
 */
record Tool(String name, String debianPackage) {
  private static final Pattern LIBRARY = Pattern.compile("(?:^|\\s)(/\\S+)", Pattern.MULTILINE);

  /** Where it is; fails when it is not installed. */
  Path path() {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin";
    for (String folder : path.split(":", -1)) {
      Path program = Path.of(folder, name);
      if (Files.isExecutable(program)) {
        return program;
      }
    }
    throw new AssertionError(
        name
            + " is missing, this test needs it: apt-get install --no-install-recommends "
            + debianPackage);
  }

  /** The libraries that the dynamic linker loads for a program, and the linker. */
  static Set<Path> libraries(Path program) throws IOException {
    String said = Command.run("ldd", program.toString());
    Set<Path> libraries = new LinkedHashSet<>();
    LIBRARY.matcher(said).results().forEach(found -> libraries.add(Path.of(found.group(1))));
    return libraries;
  }
}
