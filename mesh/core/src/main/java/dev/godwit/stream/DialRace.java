package dev.godwit.stream;

import dev.godwit.identity.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Addresses of a node that are dialled side by side; the first connection wins. Thread-safe. */
public final class DialRace {
  private final CompletableFuture<Connection> first = new CompletableFuture<>();
  private final List<String> failures = new ArrayList<>();
  private final int count;

  /**
   * A race that has not begun.
   *
   * @param count how many addresses are dialled, 1 or more
   */
  public DialRace(int count) {
    this.count = count;
  }

  /** Whether nothing more that is dialled can win. */
  public boolean isOver() {
    return first.isDone();
  }

  /** An address led to nothing. */
  public void failed(String address, String reason) {
    String all;
    synchronized (failures) {
      failures.add(address + ": " + reason);
      if (failures.size() < count) {
        return;
      }
      all = String.join(", ", failures);
    }
    first.completeExceptionally(new IOException(all));
  }

  /**
   * An address is being dialled.
   *
   * @param abandon is run when the race ends before it has led to anything; must not block
   * @param outcome what becomes of it
   */
  public void run(String address, Runnable abandon, CompletableFuture<Connection> outcome) {
    enter(abandon, outcome);
    var _ =
        outcome.whenComplete(
            (connection, failure) -> {
              if (connection == null) {
                failed(address, Failures.text(failure));
              }
            });
  }

  /** As {@link #run}, for an attempt that is followed by others: when it fails, nothing is lost. */
  public void enter(Runnable abandon, CompletableFuture<Connection> outcome) {
    var _ =
        outcome.thenAccept(
            connection -> {
              if (!first.complete(connection)) {
                connection.close("another path was faster");
              }
            });
    var _ =
        first.whenComplete(
            (winner, failure) -> {
              if (!outcome.isDone()) {
                abandon.run();
              }
            });
  }

  /**
   * Waits for the first connection; the race is over then.
   *
   * @param addresses all that are dialled, for the message
   * @throws IOException saying of every address why not, or that none answered in time
   */
  public Connection winner(NodeId peer, List<String> addresses, Duration timeout)
      throws IOException {
    try {
      return first.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(peer.shortForm() + " cannot be reached: " + Failures.text(e), e);
    } catch (TimeoutException e) {
      boolean _ = first.cancel(false);
      throw new IOException(
          peer.shortForm()
              + " cannot be reached: no answer from "
              + String.join(", ", addresses)
              + " within "
              + timeout.toMillis()
              + " ms",
          e);
    } catch (InterruptedException e) {
      boolean _ = first.cancel(false);
      throw Interruption.passedOn("interrupted while dialling", e);
    }
  }
}
