package dev.godwit.pullorder;

import dev.godwit.backend.Backend;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.OutOfRangeException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A backend that tells an observer of every read before it is done; reads outside the size are
 * refused untold. Belongs above everything that reads on its own behalf, such as write-back.
 */
public final class ObservedBackend extends ForwardingBackend {
  private final AccessObserver observer;

  /** Observes the reads of {@code below} through this object. */
  public ObservedBackend(Backend below, AccessObserver observer) {
    super(below);
    this.observer = observer;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    int length = dst.remaining();
    OutOfRangeException.check(offset, length, size());
    if (length > 0) {
      observer.read(offset, length);
    }
    below.read(dst, offset);
  }
}
