package dev.godwit.wire;

/** Makes a peer's text fit for logs and terminals. */
public final class Printable {

  private static final int MAX_CHARS = 600;

  private Printable() {}

  /** At most 600 characters of it, without those that terminals obey. */
  public static String text(String fromPeer) {
    String cut = fromPeer.length() > MAX_CHARS ? fromPeer.substring(0, MAX_CHARS) : fromPeer;
    return cut.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
  }
}
