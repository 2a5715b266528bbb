package dev.godwit.node;

import org.jspecify.annotations.Nullable;

/** What this process may not have more of, in sentences: memory, threads, descriptors. */
final class MemoryTrouble {
  private MemoryTrouble() {}

  /** Whether it is at bottom the limit of open files, under whatever name it came here. */
  static boolean isOfDescriptors(Throwable failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.contains("Too many open files")
          || message.contains("failed to create a child event loop")) {
        return true;
      }
    }
    return false;
  }

  static String descriptors() {
    return "This process may open too few files and connections. Raise the limit: ulimit -n 1024, or"
        + " LimitNOFILE=1024 in a systemd unit.";
  }

  static String sentence(OutOfMemoryError e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("native thread")) {
      return "No more threads can be started: raise the limits of processes ('ulimit -u') and of"
          + " memory, or end other programs.";
    }
    return "Out of memory ("
        + message
        + "). Give it more: GODWIT_JAVA_OPTS='-Xmx512m -XX:MaxDirectMemorySize=512m'.";
  }
}
