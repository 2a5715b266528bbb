package dev.godwit.libc;

import java.util.regex.Pattern;

/** A word of a command that a person is shown, so that it can be pasted into a POSIX shell. */
public final class ShellWord {
  private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{N}@%+=:,./_-]+");

  /** What has a meaning between double quotes, of which the exclamation mark has one in bash. */
  private static final Pattern SPECIAL = Pattern.compile("[\"$`\\\\!]");

  private ShellWord() {}

  /**
   * The word as a shell reads it: with quotes only when it needs them, and with double quotes when
   * those do, because messages put single quotes around a whole command.
   */
  public static String of(Object word) {
    String text = word.toString();
    if (PLAIN.matcher(text).matches()) {
      return text;
    }
    return SPECIAL.matcher(text).find() ? "'" + text.replace("'", "'\\''") + "'" : '"' + text + '"';
  }
}
