package dev.godwit.internet;

import java.io.IOException;

/** What connects a host or a translator to the next machine towards the internet. */
public sealed interface Link permits Cable, ShapedLink {
  /** Nothing gets through any more. Neither end is told: addresses and routes stay. */
  void cut() throws IOException;

  /** Everything gets through again. */
  void mend() throws IOException;
}
