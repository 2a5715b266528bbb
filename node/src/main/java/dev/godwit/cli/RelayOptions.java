package dev.godwit.cli;

import dev.godwit.node.DurationWords;
import dev.godwit.node.NodeException;
import dev.godwit.signaling.RelayLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a hub relays. */
final class RelayOptions {
  @Option(
      names = "--relay-rate",
      paramLabel = "SIZE",
      description =
          "What is relayed in a second, for all nodes together, who share it equally (default: no"
              + " limit).")
  private @Nullable String rate;

  @Option(
      names = "--relay-bytes",
      paramLabel = "SIZE",
      description = "What one relayed connection may carry (default: no limit).")
  private @Nullable String bytes;

  @Option(
      names = "--relay-time",
      paramLabel = "TIME",
      description = "How long one relayed connection may last (default: no limit).")
  private @Nullable Duration time;

  @Option(
      names = "--relay-connections",
      paramLabel = "N",
      description = "Relayed connections of one node at a time; 0 for no limit (default: 16).")
  private @Nullable Integer connections;

  @Option(names = "--no-relay", description = "Relay nothing.")
  private boolean none;

  /** What the relay grants; empty when there is to be none. */
  Optional<RelayLimits> limits() throws NodeException {
    if (none) {
      if (rate != null || bytes != null || time != null || connections != null) {
        throw usage("--no-relay leaves nothing that the other --relay options could limit.", null);
      }
      return Optional.empty();
    }
    RelayLimits standard = RelayLimits.defaults();
    if (time != null && time.compareTo(Duration.ofSeconds(1)) < 0) {
      throw usage("--relay-time is a second or more.", null);
    }
    if (connections != null && connections < 0) {
      throw usage("--relay-connections is not negative.", null);
    }
    return Optional.of(
        new RelayLimits(
            size("--relay-rate", rate, standard.bytesPerSecond()),
            size("--relay-bytes", bytes, standard.bytesPerCircuit()),
            time == null ? standard.perCircuit() : time,
            connections == null ? standard.circuitsPerNode() : connections));
  }

  private static long size(String option, @Nullable String text, long otherwise)
      throws NodeException {
    if (text == null) {
      return otherwise;
    }
    try {
      return Units.parseSize(text);
    } catch (IllegalArgumentException e) {
      throw usage(option + ": " + e.getMessage() + ".", e);
    }
  }

  private static NodeException usage(String message, @Nullable Exception cause) {
    return cause == null
        ? new NodeException(NodeException.Kind.USAGE, message)
        : new NodeException(NodeException.Kind.USAGE, message, cause);
  }

  /** The limits in a sentence. */
  static String sentence(Optional<RelayLimits> relay) {
    if (relay.isEmpty()) {
      return "It relays nothing.";
    }
    RelayLimits limits = relay.get();
    List<String> parts = new ArrayList<>();
    if (limits.circuitsPerNode() > 0) {
      parts.add(limits.circuitsPerNode() + " connections of a node at a time");
    }
    if (limits.bytesPerSecond() > 0) {
      parts.add(Units.bytes(limits.bytesPerSecond()) + "/s for all together");
    }
    if (limits.bytesPerCircuit() > 0) {
      parts.add(Units.bytes(limits.bytesPerCircuit()) + " over each");
    }
    if (limits.perCircuit().isPositive()) {
      parts.add(DurationWords.of(limits.perCircuit()) + " for each");
    }
    return "It relays for nodes that reach each other in no other way"
        + (parts.isEmpty() ? ", without limits." : ": " + String.join(", ", parts) + ".");
  }

  /** Adds the limits, where 0 stands for none. */
  static Json describe(Json event, Optional<RelayLimits> relay) {
    event.put("relay", relay.isPresent());
    relay.ifPresent(
        limits ->
            event
                .put("relayBytesPerSecond", limits.bytesPerSecond())
                .put("relayBytesPerConnection", limits.bytesPerCircuit())
                .put("relaySecondsPerConnection", limits.perCircuit().toSeconds())
                .put("relayConnectionsPerNode", limits.circuitsPerNode()));
    return event;
  }
}
