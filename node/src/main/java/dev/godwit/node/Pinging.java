package dev.godwit.node;

import dev.godwit.session.Call;
import dev.godwit.session.RemoteException;
import dev.godwit.session.SessionState;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A session in which nothing is said, to see how a peer is reached. Thread-safe. */
public final class Pinging implements AutoCloseable {
  static final String PROTOCOL = "godwit/ping/1";
  private static final byte ASK = 1;

  private final KeptSession kept;

  Pinging(KeptSession kept) {
    this.kept = kept;
  }

  static void answer(Call call) throws IOException {
    if (call.operation() != ASK) {
      throw new RemoteException(
          Failure.Code.UNKNOWN_OPERATION, "unknown operation " + call.operation());
    }
    call.reply(null);
  }

  /**
   * Asks once.
   *
   * @return how long the answer took
   * @throws IOException when none came within {@code deadline}
   */
  public Duration ask(Duration deadline) throws IOException {
    long start = System.nanoTime();
    var _ = kept.session().call(ASK, null, deadline);
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** How the peer is reached now; null when it is not. */
  public @Nullable PathView path() {
    return kept.keeper().view();
  }

  /** Calls {@code listener} at every change. */
  public void onChange(Consumer<SessionState> listener) {
    kept.session().onChange(listener);
  }

  @Override
  public void close() {
    kept.session().close();
  }
}
