package dev.godwit.membership;

import java.util.regex.Pattern;

/** The rule for the names that people give to nodes and meshes. */
public final class Label {

  /** The longest name, in characters. */
  public static final int MAX_CHARS = 63;

  private static final Pattern RULE = Pattern.compile("[a-z0-9-]{1," + MAX_CHARS + "}");

  private Label() {}

  /**
   * Returns {@code text} when it is a name.
   *
   * @throws IllegalArgumentException with the rule when it is not
   */
  public static String require(String text) {
    if (!RULE.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "A name has 1 to " + MAX_CHARS + " characters a-z, 0-9 and -.");
    }
    return text;
  }
}
