package dev.godwit.nbd;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.StreamResetException;
import dev.godwit.stream.StreamTimeoutException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP or UNIX-domain socket as a stream, for local programs. Its reader and its writer stay awake
 * for a while before they sleep; the socket does not block, so that looking whether it is ready
 * costs one system call. It has no authentication of its own: the socket's place (loopback, file
 * permissions) decides who may connect.
 *
 * <p>Sockets have no reset code: {@link #reset} closes the socket, and the other side sees its end.
 *
 * <p>Source: decision 043.
 */
final class SocketByteStream implements ByteStream {
  private static final Logger LOG = LoggerFactory.getLogger(SocketByteStream.class);

  private static final long MILLISECOND = 1_000_000;

  private final SocketChannel channel;
  private final Direction<ByteBuffer> incoming;
  private final Direction<ByteBuffer[]> outgoing;
  private volatile Duration timeout = Duration.ZERO;
  private volatile int resetCode = -1;

  /**
   * @param channel a connected channel, owned by this stream from now on
   * @param nanos a clock that never goes back
   * @throws IOException when the channel is closed already
   */
  SocketByteStream(SocketChannel channel, LongSupplier nanos) throws IOException {
    this.channel = channel;
    this.incoming = new Direction<>("read", SelectionKey.OP_READ, channel::read, new Linger(nanos));
    this.outgoing =
        new Direction<>("write", SelectionKey.OP_WRITE, this::gather, new Linger(nanos));
    var _ = channel.configureBlocking(false);
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    return dst.hasRemaining() ? incoming.complete(dst) : 0;
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    int _ = outgoing.complete(srcs);
  }

  /** Sends what there is room for; 1 when that was everything. */
  private int gather(ByteBuffer[] srcs) throws IOException {
    long _ = srcs.length == 1 ? channel.write(srcs[0]) : channel.write(srcs);
    for (int i = srcs.length - 1; i >= 0; i--) {
      if (srcs[i].hasRemaining()) {
        return 0;
      }
    }
    return 1;
  }

  private IOException reason(IOException e) {
    int code = resetCode;
    return code >= 0 ? new StreamResetException(code) : e;
  }

  @Override
  public void finish() throws IOException {
    if (channel.isOpen()) {
      var _ = channel.shutdownOutput();
    }
  }

  @Override
  public void reset(int code) {
    if (channel.isOpen()) {
      resetCode = code;
      close();
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
    try {
      channel.close();
      // Whoever sleeps is woken by its selector, and only then does the descriptor go.
      incoming.close();
      outgoing.close();
    } catch (IOException e) {
      LOG.debug("closing a socket", e);
    }
  }

  /**
   * One of the two; one thread at a time waits in it.
   *
   * @param <T> what is filled or emptied
   */
  private final class Direction<T> {
    private final String name;
    private final int operation;
    private final Linger.Attempt<T> attempt;
    private final Linger linger;

    /** Made when somebody has to sleep for the first time. Guarded by this. */
    private @Nullable Selector selector;

    /** Guarded by this. */
    private boolean closed;

    Direction(String name, int operation, Linger.Attempt<T> attempt, Linger linger) {
      this.name = name;
      this.operation = operation;
      this.attempt = attempt;
      this.linger = linger;
    }

    /** Goes on until it is done, and sleeps when that takes longer. */
    int complete(T subject) throws IOException {
      try {
        int done = linger.await(attempt, subject);
        while (done == 0) {
          sleep();
          done = linger.await(attempt, subject);
        }
        return done;
      } catch (StreamTimeoutException e) {
        throw e;
      } catch (IOException e) {
        throw reason(e);
      }
    }

    private void sleep() throws IOException {
      Selector sleeper = selector();
      Duration limit = timeout;
      try {
        // No time at all is for ever there, too.
        int ready = sleeper.select(Direction::ready, Math.ceilDiv(limit.toNanos(), MILLISECOND));
        if (ready == 0 && Thread.currentThread().isInterrupted()) {
          SocketByteStream.this.close();
          throw new ClosedByInterruptException();
        }
        if (ready == 0 && sleeper.isOpen() && !limit.isZero()) {
          throw new StreamTimeoutException(name, limit);
        }
      } catch (ClosedSelectorException e) {
        throw ended(e);
      }
    }

    /** A selector with one key has nothing to tell but that. */
    private static void ready(SelectionKey ready) {}

    private synchronized Selector selector() throws IOException {
      if (closed) {
        throw new AsynchronousCloseException();
      }
      Selector made = selector;
      if (made == null) {
        made = channel.provider().openSelector();
        selector = made;
        var _ = channel.register(made, operation);
      }
      return made;
    }

    private IOException ended(ClosedSelectorException cause) {
      var ended = new AsynchronousCloseException();
      ended.initCause(cause);
      return ended;
    }

    synchronized void close() throws IOException {
      closed = true;
      if (selector != null) {
        selector.close();
      }
    }
  }
}
