package dev.godwit.cli;

import dev.godwit.node.NodeException;
import dev.godwit.node.NodeSettings;
import dev.godwit.path.PathPolicy;
import dev.godwit.path.PathPolicy.Reach;
import dev.godwit.path.Way;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Which ways to a peer may be used. */
final class PathOptions {
  @Option(
      names = "--transport",
      split = ",",
      paramLabel = "NAME",
      description = "Connect over these only: quic, webrtc, tls, relay (default: whatever works).")
  private List<String> transports = List.of();

  @Option(names = "--direct-only", description = "Never through a relay.")
  private boolean directOnly;

  @Option(names = "--relay-only", description = "Always through the relay of the hub.")
  private boolean relayOnly;

  /** These settings, with what the user wants of paths. */
  NodeSettings apply(NodeSettings settings) throws NodeException {
    return settings.withPolicy(policy());
  }

  private PathPolicy policy() throws NodeException {
    if (directOnly && relayOnly) {
      throw new NodeException(
          NodeException.Kind.USAGE, "--direct-only and --relay-only exclude each other.");
    }
    Set<Way> ways = transports.isEmpty() ? EnumSet.allOf(Way.class) : EnumSet.noneOf(Way.class);
    for (String name : transports) {
      ways.add(way(name));
    }
    try {
      return new PathPolicy(
          ways, directOnly ? Reach.DIRECT_ONLY : relayOnly ? Reach.RELAY_ONLY : Reach.ANY);
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.USAGE, "These options together leave no way to a peer.", e);
    }
  }

  /** The transport of that name. */
  static Way way(String name) throws NodeException {
    return Way.of(name)
        .orElseThrow(
            () ->
                new NodeException(
                    NodeException.Kind.USAGE,
                    "There is no transport '"
                        + name
                        + "'; there are "
                        + Arrays.stream(Way.values())
                            .map(Way::word)
                            .collect(Collectors.joining(", "))
                        + "."));
  }
}
