package dev.godwit.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ByteStream} over a blocking TCP or UNIX-domain socket, for local programs. It has no
 * authentication of its own: use it where the socket's place (loopback, file permissions) or a
 * layer above decides who may connect.
 *
 * <p>Sockets have no reset code: {@link #reset} closes the socket, and the peer sees an end of
 * stream or an I/O error. A timeout closes the socket too, since a blocked system call cannot be
 * ended otherwise.
 */
public final class SocketByteStream implements ByteStream {
  private final SocketChannel channel;
  private final @Nullable ScheduledExecutorService timer;
  private volatile Duration timeout = Duration.ZERO;
  private volatile int resetCode = -1;
  private volatile boolean timedOut;

  /**
   * @param channel a connected blocking channel, owned by this stream from now on
   */
  public SocketByteStream(SocketChannel channel) {
    this(channel, null);
  }

  /**
   * @param channel a connected blocking channel, owned by this stream from now on
   * @param timer where timeouts are scheduled; without it {@link #timeout} is refused
   */
  public SocketByteStream(SocketChannel channel, @Nullable ScheduledExecutorService timer) {
    this.channel = channel;
    this.timer = timer;
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    if (timeout.isZero()) {
      return guarded(() -> channel.read(dst));
    }
    return guarded(() -> timed("read", () -> channel.read(dst)));
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    for (ByteBuffer src : srcs) {
      while (src.hasRemaining()) {
        if (timeout.isZero()) {
          var _ = guarded(() -> (int) gather(srcs));
        } else {
          var _ = guarded(() -> timed("write", () -> (int) gather(srcs)));
        }
      }
    }
  }

  private long gather(ByteBuffer[] srcs) throws IOException {
    return srcs.length == 1 ? channel.write(srcs[0]) : channel.write(srcs);
  }

  @FunctionalInterface
  private interface Operation {
    int run() throws IOException;
  }

  private int guarded(Operation operation) throws IOException {
    try {
      return operation.run();
    } catch (IOException e) {
      int code = resetCode;
      if (code >= 0) {
        throw new StreamResetException(code);
      }
      throw e;
    }
  }

  private int timed(String name, Operation operation) throws IOException {
    if (timer == null) {
      throw new IllegalStateException("no timer was given for timeouts");
    }
    Duration limit = timeout;
    var alarm =
        timer.schedule(
            () -> {
              timedOut = true;
              closeChannel();
            },
            limit.toNanos(),
            TimeUnit.NANOSECONDS);
    try {
      return operation.run();
    } catch (IOException e) {
      if (timedOut) {
        throw new StreamTimeoutException(name, limit);
      }
      throw e;
    } finally {
      alarm.cancel(false);
    }
  }

  @Override
  public void finish() throws IOException {
    if (channel.isOpen()) {
      channel.shutdownOutput();
    }
  }

  @Override
  public void reset(int code) {
    if (channel.isOpen()) {
      resetCode = code;
      closeChannel();
    }
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
    closeChannel();
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone either way, and nobody could do anything about it.
      System.getLogger(SocketByteStream.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a socket", e);
    }
  }
}
