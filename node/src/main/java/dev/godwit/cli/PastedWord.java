package dev.godwit.cli;

import dev.godwit.libc.ShellWord;
import java.nio.charset.StandardCharsets;

/** A word of a command that people are shown, so that they can paste it into a shell. */
final class PastedWord {
  private PastedWord() {}

  /** As {@link ShellWord} writes it; with {@code $'...'} where it cannot be printed as it is. */
  static String of(Object word) {
    String text = word.toString();
    if (text.codePoints().noneMatch(point -> DisplayText.isControl(point) || point == '\t')) {
      return ShellWord.of(text);
    }
    StringBuilder quoted = new StringBuilder("$'");
    text.codePoints().forEach(point -> append(quoted, point));
    return quoted.append('\'').toString();
  }

  private static void append(StringBuilder quoted, int point) {
    if (DisplayText.isControl(point) || point == '\t') {
      for (byte one : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
        quoted.append(String.format("\\x%02x", one));
      }
    } else {
      if (point == '\'' || point == '\\') {
        quoted.append('\\');
      }
      quoted.appendCodePoint(point);
    }
  }
}
