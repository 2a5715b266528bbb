package dev.godwit.backend;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A backend that does with another one whatever a subclass does not do otherwise. */
public abstract class ForwardingBackend implements Backend {
  /** What everything is forwarded to. */
  protected final Backend below;

  /** Forwards everything. */
  protected ForwardingBackend(Backend below) {
    this.below = below;
  }

  @Override
  public long size() {
    return below.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    below.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    below.write(src, offset);
  }

  @Override
  public void flush() throws IOException {
    below.flush();
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    below.zero(offset, length, holes);
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    below.trim(offset, length);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    below.extents(offset, length, visitor);
  }

  @Override
  public Latency latency() {
    return below.latency();
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
