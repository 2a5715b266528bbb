package dev.godwit.hub;

import dev.godwit.signaling.RelayLimits;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** What two spliced connections have in common: the limits of their circuit. Thread-safe. */
final class Circuit {
  private final RelayLimits limits;
  private final AtomicLong bytes = new AtomicLong();

  Circuit(RelayLimits limits) {
    this.limits = limits;
  }

  RelayLimits limits() {
    return limits;
  }

  /** Counts bytes that pass; tells when they are more than the circuit may carry. */
  Optional<RelayEnd> carried(int count) {
    long total = bytes.addAndGet(count);
    return limits.bytesPerCircuit() > 0 && total > limits.bytesPerCircuit()
        ? Optional.of(
            new RelayEnd(
                RelayEnd.Kind.BYTES_USED_UP,
                "The relay carries " + limits.bytesPerCircuit() + " bytes at a time."))
        : Optional.empty();
  }

  /** How long the circuit may last; zero for ever. */
  Duration longest() {
    return limits.perCircuit();
  }

  /** Why a circuit ends that lasted that long. */
  RelayEnd overdue() {
    return new RelayEnd(
        RelayEnd.Kind.TIME_USED_UP,
        "The relay carries for " + limits.perCircuit().toSeconds() + " s at a time.");
  }
}
