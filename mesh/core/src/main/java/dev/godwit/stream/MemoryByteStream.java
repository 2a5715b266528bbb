package dev.godwit.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/** One end of an in-memory stream. */
final class MemoryByteStream implements ByteStream {
  private static final int BUFFERED = 256 * 1024;

  private final Pipe in;
  private final Pipe out;
  private volatile Duration timeout = Duration.ZERO;

  private MemoryByteStream(Pipe in, Pipe out) {
    this.in = in;
    this.out = out;
  }

  /** Two ends that are connected with each other. */
  static MemoryByteStream[] pair() {
    Pipe there = new Pipe(BUFFERED);
    Pipe back = new Pipe(BUFFERED);
    return new MemoryByteStream[] {
      new MemoryByteStream(back, there), new MemoryByteStream(there, back)
    };
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    return in.read(dst, timeout);
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    for (ByteBuffer src : srcs) {
      out.write(src, timeout);
    }
  }

  @Override
  public void finish() throws IOException {
    out.end();
  }

  @Override
  public void reset(int code) {
    if (in.isEnded() && out.isEnded()) {
      return;
    }
    in.reset(code);
    out.reset(code);
  }

  @Override
  public void timeout(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout);
    }
    this.timeout = timeout;
  }

  @Override
  public void close() {
    reset(0);
  }

  void breakOff(String reason) {
    in.breakOff(reason);
    out.breakOff(reason);
  }
}
