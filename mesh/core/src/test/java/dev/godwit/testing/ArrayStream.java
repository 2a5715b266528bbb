package dev.godwit.testing;

import dev.godwit.stream.ByteStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;

/** A stream that reads from an array, in pieces of a given size at most, and writes to another. */
public final class ArrayStream implements ByteStream {
  private final ByteBuffer in;
  private final int piece;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Reads from {@code bytes}, at most {@code piece} at a time. */
  public ArrayStream(byte[] bytes, int piece) {
    this.in = ByteBuffer.wrap(bytes);
    this.piece = piece;
  }

  /** What was written. */
  public byte[] written() {
    return out.toByteArray();
  }

  /** How many bytes have not been read. */
  public int left() {
    return in.remaining();
  }

  @Override
  public int read(ByteBuffer dst) {
    if (!in.hasRemaining()) {
      return dst.hasRemaining() ? -1 : 0;
    }
    int count = Math.min(piece, Math.min(in.remaining(), dst.remaining()));
    dst.put(in.slice().limit(count));
    in.position(in.position() + count);
    return count;
  }

  @Override
  public void write(ByteBuffer... srcs) {
    for (ByteBuffer src : srcs) {
      while (src.hasRemaining()) {
        out.write(src.get());
      }
    }
  }

  @Override
  public void finish() {}

  @Override
  public void reset(int code) {}

  @Override
  public void timeout(Duration timeout) {}

  @Override
  public void close() {}
}
