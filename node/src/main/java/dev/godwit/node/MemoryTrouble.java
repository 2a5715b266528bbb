package dev.godwit.node;

/** What went wrong with memory, in sentences. */
final class MemoryTrouble {
  private MemoryTrouble() {}

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
