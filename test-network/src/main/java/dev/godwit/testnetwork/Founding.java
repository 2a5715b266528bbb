package dev.godwit.testnetwork;

import dev.godwit.node.MeshFounding;
import dev.godwit.node.Node;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.signaling.HubAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * Makes a mesh of several nodes whose folders are all on this machine: the first one makes it, the
 * others join with tickets. A program of its own, so that it can run where the hub is reachable.
 */
public final class Founding {
  private static final Duration VALID = Duration.ofMinutes(10);

  private Founding() {}

  /** Arguments: the hub's address, then for each node its name and its folder. */
  public static void main(String[] args) throws Exception {
    found(HubAddress.parse(args[0]), Arrays.asList(args).subList(1, args.length));
    System.out.println("founded");
    System.exit(0);
  }

  private static void found(HubAddress hub, List<String> nodes) throws Exception {
    NodeHome founder = World.nodeHome(Path.of(nodes.get(1)));
    MeshFounding.create(founder, "test", nodes.get(0), hub);
    try (Node node = Node.start(founder, NodeSettings.standard())) {
      for (int i = 2; i < nodes.size(); i += 2) {
        String ticket =
            MeshFounding.invite(founder, nodes.get(i), List.of(World.MEMBERS_GRANT), VALID).text();
        MeshFounding.join(World.nodeHome(Path.of(nodes.get(i + 1))), ticket);
      }
    }
  }
}
