package dev.godwit.testnetwork;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Something that a person does wrong, and what the command says of it.
 *
 * @param what in words
 * @param who does it: the name of a node, or "user" for somebody who is not root
 * @param command as it is typed
 * @param said exit status and message
 */
record Mistake(String what, String who, String command, String said) {
  private static final Pattern LOCKS = Pattern.compile("\\b(seed|leech|mount)\\b");

  /**
   * Reads a file of them. Each is a comment that says what it is, a line {@code who$ command}, and
   * then what is said until an empty line.
   */
  static List<Mistake> in(Path file) throws IOException {
    List<Mistake> all = new ArrayList<>();
    for (String block : Files.readString(file).split("\n\n+", -1)) {
      String[] lines = block.strip().split("\n", 3);
      int dollar = lines.length < 2 ? -1 : lines[1].indexOf("$ ");
      if (dollar > 0 && lines[0].startsWith("# ")) {
        all.add(
            new Mistake(
                lines[0].substring(2),
                lines[1].substring(0, dollar),
                lines[1].substring(dollar + 2),
                lines.length < 3 ? "" : lines[2]));
      }
    }
    return all;
  }

  /** The block that it was read from. */
  String text() {
    return "# " + what + "\n" + who + "$ " + command + "\n" + said + "\n";
  }

  /** Whether the command may lock a state while it runs. */
  boolean locks() {
    return LOCKS.matcher(command).find();
  }

  Mistake saying(String other) {
    return new Mistake(what, who, command, other);
  }
}
