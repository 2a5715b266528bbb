package dev.godwit.tls;

import dev.godwit.stream.Connection.Urgency;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says which stream sends next: those of {@link Urgency#DEMAND} in turn, and while none of them has
 * anything those of {@link Urgency#BULK} in turn. Whoever asks sends one frame of the stream and
 * puts it back if it has more. For one thread.
 *
 * @param <S> a stream; told apart by {@code equals}
 */
final class SendScheduler<S> {
  private final Queue<S> demand = new ArrayDeque<>();
  private final Queue<S> bulk = new ArrayDeque<>();
  private final Set<S> queued = new HashSet<>();

  /** The stream has something that it may send. Does nothing when that is known. */
  void ready(S stream, Urgency urgency) {
    if (queued.add(stream)) {
      (urgency == Urgency.DEMAND ? demand : bulk).add(stream);
    }
  }

  /** The next stream, which is not ready any more until it is put back; null when there is none. */
  @Nullable S next() {
    S stream = demand.poll();
    if (stream == null) {
      stream = bulk.poll();
    }
    if (stream != null) {
      queued.remove(stream);
    }
    return stream;
  }

  /** The stream has nothing to send any more. */
  void remove(S stream) {
    if (queued.remove(stream)) {
      demand.remove(stream);
      bulk.remove(stream);
    }
  }
}
