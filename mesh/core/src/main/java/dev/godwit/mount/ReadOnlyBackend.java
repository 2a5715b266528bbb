package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.chunk.FencedException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A backend that cannot be changed through this object. */
public final class ReadOnlyBackend extends ForwardingBackend {

  /** Lets reads through. */
  public ReadOnlyBackend(Backend below) {
    super(below);
  }

  private static FencedException refused() {
    return new FencedException("it is mounted to be read only");
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    throw refused();
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    throw refused();
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    throw refused();
  }

  /** There is nothing to flush. */
  @Override
  public void flush() {}
}
