package dev.godwit.node;

/** What went wrong with a native library, in sentences. */
public final class LibraryTrouble {
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
    return "A native library cannot be loaded ("
        + first
        + "). It needs a folder from which programs may be run and that has room: name one with"
        + " GODWIT_NATIVE_DIR.";
  }
}
