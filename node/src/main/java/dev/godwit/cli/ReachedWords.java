package dev.godwit.cli;

import dev.godwit.node.PathView;
import dev.godwit.node.proto.ProcessStatus;
import java.time.Duration;
import java.time.Instant;

/** How a process reaches its peer, in words. */
final class ReachedWords {
  private ReachedWords() {}

  /** Puts how a peer is reached into what a process says of itself. */
  static void put(ProcessStatus.Builder status, PathView reached) {
    status.setWhy(reached.why()).setRoundTripMicros(reached.roundTrip().toNanos() / 1000);
    if (reached.nextAttempt() != null) {
      status.setNextAttempt(reached.nextAttempt().toEpochMilli());
    }
  }

  /** Round-trip time, why it is this path, and when a better one is looked for. */
  static String of(ProcessStatus process) {
    StringBuilder text = new StringBuilder();
    if (process.getRoundTripMicros() > 0) {
      text.append(Units.millis(process.getRoundTripMicros() / 1000.0)).append(", ");
    }
    text.append(process.getWhy());
    if (process.getNextAttempt() > 0) {
      long seconds =
          Duration.between(Instant.now(), Instant.ofEpochMilli(process.getNextAttempt()))
              .toSeconds();
      text.append("; a better way is looked for in ").append(Math.max(0, seconds)).append(" s");
    }
    return text.toString();
  }
}
