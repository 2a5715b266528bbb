package dev.godwit.fuse;

import dev.godwit.backend.Backend.Latency;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One request and its reply, from the kernel's queue and back. Used again for other requests; owned
 * by one thread at a time, except for {@link #isLatest} and {@link #interrupt}.
 */
final class Exchange {
  private final FuseBuffer buffer = new FuseBuffer();
  private final FuseRequest request = new FuseRequest();
  private final FuseReply reply = new FuseReply(buffer.reply());

  /**
   * The unique number of a request that is served and may be interrupted, 0 when there is none.
   * Whoever sets it back to 0 sends the reply. Unique numbers do not come twice.
   */
  private final AtomicLong interruptible = new AtomicLong();

  /** The unique number of the request that arrived last. */
  private volatile long latest;

  private volatile @Nullable FuseDevice device;

  /** Whether somebody else may have answered; for the owner alone. */
  private boolean contested;

  FuseBuffer buffer() {
    return buffer;
  }

  FuseRequest request() {
    return request;
  }

  FuseReply reply() {
    return reply;
  }

  /**
   * A request has been read: looks what it is. When it takes its time, another thread may answer
   * from now on that the program was interrupted.
   *
   * @param latency of the backend
   */
  FuseRequest.Form arrived(FuseDevice from, int count, Latency latency) {
    device = from;
    FuseRequest.Form form = request.parse(buffer.request(), count);
    contested =
        form == FuseRequest.Form.WHOLE
            && latency == Latency.REMOTE
            && request.opcode().isInterruptible();
    if (contested) {
      interruptible.set(request.unique());
    }
    // Whoever finds it here finds out as well whether it may be interrupted.
    latest = request.unique();
    return form;
  }

  /** Whether that request is here, or was the last one. May be called by any thread. */
  boolean isLatest(long unique) {
    return latest == unique;
  }

  /**
   * Takes the answer to a request away from whoever serves it. May be called by any thread.
   *
   * @return where the answer has to go, or null when this is not the request that is meant, or it
   *     cannot be interrupted
   */
  @Nullable FuseDevice interrupt(long unique) {
    return unique != 0 && interruptible.compareAndSet(unique, 0) ? device : null;
  }

  /** Sends the reply that was composed, unless the program was interrupted meanwhile. */
  void send() throws IOException {
    FuseDevice to = device;
    boolean mine = !contested || interruptible.compareAndSet(request.unique(), 0);
    if (to != null && mine) {
      to.write(buffer, reply.length());
    }
  }
}
