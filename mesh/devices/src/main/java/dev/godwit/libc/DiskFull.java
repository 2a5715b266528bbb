package dev.godwit.libc;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How the JDK reports a full disk: by the C library's text only. */
public final class DiskFull {
  private static final List<String> TEXTS =
      List.of("no space left on device", "disk quota exceeded", "file too large");

  private DiskFull() {}

  /**
   * Whether that is what a failure says.
   *
   * @param text its message or reason
   */
  public static boolean isSaidBy(@Nullable String text) {
    if (text == null) {
      return false;
    }
    String lower = text.toLowerCase(Locale.ROOT);
    return TEXTS.stream().anyMatch(lower::contains);
  }
}
