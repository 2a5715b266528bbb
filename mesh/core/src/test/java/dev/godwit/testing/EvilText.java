package dev.godwit.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Pattern;

/** What somebody says who wants more of a terminal than to be shown. */
public final class EvilText {
  /**
   * Escapes of both kinds (ECMA-48, section 5.3: with ESC, and as one character), line ends of
   * every kind, a mark that turns the direction of writing, and the bell.
   */
  public static final String TEXT =
      "no\u001b[2J\u009b2J\r\nroot# \u202eevil\u2028and\u2029\u0085\u0007";

  private static final Pattern OBEYED = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

  private EvilText() {}

  /** Its words are there, and nothing that a terminal obeys. */
  public static void assertHarmless(String shown) {
    assertTrue(shown.contains("evil"), shown);
    assertNothingIsObeyed(shown);
  }

  /** Nothing is there that a terminal obeys. */
  public static void assertNothingIsObeyed(String shown) {
    assertEquals(
        List.of(),
        OBEYED
            .matcher(shown)
            .results()
            .map(found -> "U+%04X".formatted(found.group().codePointAt(0)))
            .toList());
  }
}
