package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.backend.ForwardingBackend;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A backend below a disk of which nothing was written yet: then a flush has nothing to do. The
 * kernel flushes what it makes a disk of, and that must not wait for a resource that is on its way.
 */
final class UnwrittenBackend extends ForwardingBackend {
  private volatile boolean written;

  /** All writes that a flush has to care for come through this object. */
  UnwrittenBackend(Backend below) {
    super(below);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    written = true;
    below.write(src, offset);
  }

  @Override
  public void flush() throws IOException {
    if (written) {
      below.flush();
    }
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    written = true;
    below.zero(offset, length, holes);
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    written = true;
    below.trim(offset, length);
  }
}
