package dev.godwit.stream;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streams that a peer opened: kept until there is a handler, then each handled on a virtual
 * thread of its own and closed afterwards. Every transport's connection has one. Thread-safe.
 */
public final class StreamQueue {
  private static final Logger LOG = LoggerFactory.getLogger(StreamQueue.class);

  /** How many streams may wait for a handler; more are reset. */
  private static final int WAITING = 64;

  /** The reset code of a stream that nobody had room for. */
  public static final int REFUSED = 1;

  private final Queue<ByteStream> waiting = new ArrayDeque<>();
  private @Nullable StreamHandler handler;
  private boolean closed;

  /** An empty queue without a handler. */
  public StreamQueue() {}

  /** Hands a stream over, now or when the handler comes. Never blocks. */
  public void add(ByteStream stream) {
    StreamHandler ready;
    synchronized (waiting) {
      if (closed || (handler == null && waiting.size() >= WAITING)) {
        stream.reset(REFUSED);
        return;
      }
      if (handler == null) {
        waiting.add(stream);
        return;
      }
      ready = handler;
    }
    start(ready, stream);
  }

  /**
   * Sets the handler for all streams, those that wait included.
   *
   * @throws IllegalStateException when there is one already
   */
  public void serve(StreamHandler handler) {
    synchronized (waiting) {
      if (this.handler != null) {
        throw new IllegalStateException("there is a handler already");
      }
      this.handler = handler;
      for (ByteStream stream : waiting) {
        start(handler, stream);
      }
      waiting.clear();
    }
  }

  /** Resets the streams that wait, and every later one. */
  public void close() {
    synchronized (waiting) {
      closed = true;
      for (ByteStream stream : waiting) {
        stream.reset(REFUSED);
      }
      waiting.clear();
    }
  }

  private static void start(StreamHandler handler, ByteStream stream) {
    Thread.ofVirtual()
        .name("stream")
        .start(
            () -> {
              try (stream) {
                handler.handle(stream);
              } catch (IOException e) {
                LOG.debug("a stream ended: {}", e.toString());
              } catch (RuntimeException | Error e) {
                LOG.error("a stream handler failed", e);
              }
            });
  }
}
