package dev.godwit.node;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What went wrong with a native library, in sentences. */
public final class LibraryTrouble {
  private static final String TOO_MANY_FILES = "Too many open files";

  /** Causes of causes that are looked at; libraries are looked for in several places. */
  private static final int DEPTH = 8;

  private LibraryTrouble() {}

  /** What happened, and what to do. */
  public static String sentence(LinkageError e) {
    String message = String.valueOf(e.getMessage());
    String first = message.lines().findFirst().orElse("");
    if (e instanceof NoClassDefFoundError && !message.startsWith("Could not initialize class")) {
      return "This installation of Godwit is not complete ("
          + first
          + " is missing). Copy its whole folder again, or build it anew.";
    }
    if (says(e, TOO_MANY_FILES, DEPTH)) {
      return "A native library cannot be loaded: too many open files. "
          + FileTrouble.advice(TOO_MANY_FILES).orElseThrow();
    }
    return "A native library cannot be loaded ("
        + first
        + "). It needs a folder from which programs may be run and that has room: name one with"
        + " GODWIT_NATIVE_DIR.";
  }

  /** Whether a failure, or one that led to it, has that in its message. */
  private static boolean says(@Nullable Throwable failure, String phrase, int depth) {
    return failure != null
        && depth > 0
        && (String.valueOf(failure.getMessage()).contains(phrase)
            || says(failure.getCause(), phrase, depth - 1)
            || Arrays.stream(failure.getSuppressed())
                .anyMatch(other -> says(other, phrase, depth - 1)));
  }
}
