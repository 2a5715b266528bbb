package dev.godwit.pull;

import dev.godwit.chunk.BlockSource;
import dev.godwit.session.Lane;
import dev.godwit.session.Session;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import dev.godwit.wire.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Reads a resource of another node at once, ahead of the background. Thread-safe. */
public final class RangeReader implements BlockSource {
  /** The most bytes that one request can bring. */
  public static final int MAX_BYTES = Limits.STANDARD.content();

  private final Session session;
  private final Duration deadline;

  /**
   * Reads over a session.
   *
   * @param deadline how long a read may take, with everything that happens to the connection
   */
  public RangeReader(Session session, Duration deadline) {
    this.session = session;
    this.deadline = deadline;
  }

  /**
   * Fills {@code dst}, at most {@link #MAX_BYTES} long.
   *
   * @throws IOException when there was no answer in time, or the peer refused
   */
  @Override
  public void fetch(ByteBuffer dst, long offset) throws IOException {
    Fetch fetch = new Fetch(dst, offset);
    session.submit(fetch);
    try {
      fetch.done.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // The buffer goes back to its pool: a late answer must not write to it.
      fetch.abandon();
      throw new IOException("no answer to a read within " + deadline.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException("a read failed: " + Failures.text(e), e);
    } catch (InterruptedException e) {
      fetch.abandon();
      throw Interruption.passedOn("interrupted while reading", e);
    }
  }

  private static final class Fetch extends RangeRead {
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private @Nullable ByteBuffer dst;

    Fetch(ByteBuffer dst, long offset) {
      super(Lane.DEMAND, 1);
      this.dst = dst;
      add(offset, dst.remaining());
    }

    @Override
    protected synchronized void received(@Nullable ByteBuffer content) {
      ByteBuffer target = dst;
      if (target == null) {
        return;
      }
      if (content != null) {
        target.put(content);
      } else {
        fillWithZeroes(target);
      }
      done.complete(true);
    }

    private static void fillWithZeroes(ByteBuffer target) {
      while (target.remaining() >= Long.BYTES) {
        target.putLong(0);
      }
      while (target.hasRemaining()) {
        target.put((byte) 0);
      }
    }

    synchronized void abandon() {
      dst = null;
    }

    @Override
    protected void failed(IOException cause) {
      done.completeExceptionally(cause);
    }
  }
}
