package dev.godwit.pullorder;

import java.io.IOException;

/**
 * Knows which parts of a kind of file or disk a program needs first. Has no state: one object
 * serves any number of probes at once.
 *
 * <p>What a probe reads may come from anyone. An implementation loops only where each turn reads
 * something new or is counted, and takes no number from the content for the size of an array.
 */
public interface ContentFormat {

  /** What people call it; one word. */
  String name();

  /**
   * Whether the content looks like this format. Reads little: the first page, or the last.
   *
   * @throws MalformedContentException when it does not, too
   * @throws IOException when the source cannot be read
   */
  boolean recognises(Probe probe) throws IOException;

  /**
   * Reads what it must and names what matters, most important first, with {@link Probe#important}.
   *
   * @throws MalformedContentException when the rest makes no sense; what was named stays
   * @throws IOException when the source cannot be read
   */
  void findImportant(Probe probe) throws IOException;
}
