package dev.godwit.internet;

/** A topology's text cannot be understood; the message says which line and why. */
public final class TopologyException extends IllegalArgumentException {
  TopologyException(int line, String why) {
    super("line " + line + ": " + why);
  }
}
