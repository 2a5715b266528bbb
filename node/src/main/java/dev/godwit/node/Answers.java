package dev.godwit.node;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits for what others answer. */
final class Answers {
  /** Longer than whoever asks waits itself. */
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private Answers() {}

  /**
   * Waits for an answer.
   *
   * @param who is asked, for people
   * @throws NodeException when there is none
   */
  static <T> T await(CompletableFuture<T> future, String who) throws IOException {
    try {
      return future.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new NodeException(
          NodeException.Kind.UNREACHABLE, who + " does not answer: " + message(e), e);
    } catch (TimeoutException e) {
      throw new NodeException(NodeException.Kind.UNREACHABLE, who + " does not answer.", e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
  }

  private static @Nullable String message(ExecutionException e) {
    Throwable cause = e.getCause();
    return cause == null ? e.getMessage() : cause.getMessage();
  }
}
