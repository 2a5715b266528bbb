package dev.godwit.pullorder;

import dev.godwit.chunk.PullOrder;
import java.io.IOException;

/** A pull order that was chosen before the resource is known. Thread-safe. */
@FunctionalInterface
public interface PullOrderFactory {

  /**
   * Makes the order for one resource. May read some of it, and waits for that.
   *
   * @throws IOException when the resource cannot be read
   */
  PullOrder create(PulledResource resource) throws IOException;
}
