package dev.godwit.tls;

import dev.godwit.stream.Connection;
import io.netty.channel.Channel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Addresses that are dialled side by side; the first connection wins. Thread-safe. */
final class DialRace {
  private final CompletableFuture<Connection> first = new CompletableFuture<>();
  private final List<String> failures = new ArrayList<>();
  private final int count;

  /**
   * @param count how many addresses are dialled
   */
  DialRace(int count) {
    this.count = count;
  }

  /**
   * The first connection, or an {@link IOException} that says of every address why not. Cancelling
   * it ends the race.
   */
  CompletableFuture<Connection> first() {
    return first;
  }

  /** An address led to nothing. */
  void failed(String address, String reason) {
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
   * @param channel is closed when the race ends before it has led to anything
   * @param outcome what becomes of it
   */
  void run(String address, Channel channel, CompletableFuture<Connection> outcome) {
    enter(channel, outcome);
    var _ =
        outcome.whenComplete(
            (connection, failure) -> {
              if (connection == null) {
                failed(address, Failures.text(failure));
              }
            });
  }

  /** As {@link #run}, for an attempt that is followed by others: when it fails, nothing is lost. */
  void enter(Channel channel, CompletableFuture<Connection> outcome) {
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
                var _ = channel.close();
              }
            });
  }
}
