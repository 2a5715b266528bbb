package dev.godwit.nbd.kernel;

import dev.godwit.stream.ByteStream;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A stream of which nothing is read while somebody wants it deaf: what is sent piles up. */
final class DeafStream implements ByteStream {
  private final ByteStream stream;
  private final Supplier<CountDownLatch> way;

  /** Reads wait for what {@code way} gives. */
  DeafStream(ByteStream stream, Supplier<CountDownLatch> way) {
    this.stream = stream;
    this.way = way;
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    try {
      if (!way.get().await(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("nobody has made it hear again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return stream.read(dst);
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    stream.write(srcs);
  }

  @Override
  public void finish() throws IOException {
    stream.finish();
  }

  @Override
  public void reset(int code) {
    stream.reset(code);
  }

  @Override
  public void timeout(Duration timeout) {
    stream.timeout(timeout);
  }

  @Override
  public void close() {
    stream.close();
  }
}
