package dev.godwit.chunk;

import java.io.IOException;

/** The resource does not belong to this node any more, or not yet, so it serves no access. */
public final class FencedException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param reason why, as a sentence for people
   */
  public FencedException(String reason) {
    super(reason);
  }
}
