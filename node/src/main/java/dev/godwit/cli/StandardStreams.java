package dev.godwit.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the standard streams of this process are connected to, as the kernel says. */
enum StandardStreams {
  /** Standard input. */
  IN(0),
  /** Standard output. */
  OUT(1),
  /** Standard error. */
  ERR(2);

  private final int descriptor;

  StandardStreams(int descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Whether a person's terminal is there. {@link System#console} says so only when standard input
   * is one, too, and starts a library for it.
   */
  boolean isTerminal() {
    String target = target();
    return target.startsWith("/dev/pts/")
        || target.startsWith("/dev/tty")
        || target.equals("/dev/console");
  }

  /** Whether another process reads it, which may have read enough. */
  boolean isRead() {
    String target = target();
    return target.startsWith("pipe:") || target.startsWith("socket:") || isTerminal();
  }

  /** Whether a folder was given where a file is read. */
  boolean isFolder() {
    return Files.isDirectory(link());
  }

  /** Whether both lead to the same place. */
  boolean isSameAs(StandardStreams other) {
    return !target().isEmpty() && target().equals(other.target());
  }

  private Path link() {
    return Path.of("/proc/self/fd", Integer.toString(descriptor));
  }

  private String target() {
    try {
      return Files.readSymbolicLink(link()).toString();
    } catch (IOException e) {
      // Closed, or a system without /proc: nobody watches there.
      return "";
    }
  }
}
