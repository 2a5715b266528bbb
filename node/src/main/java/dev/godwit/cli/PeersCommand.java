package dev.godwit.cli;

import dev.godwit.identity.NodeId;
import dev.godwit.node.Node;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.PeerView;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

@Command(
    name = "peers",
    mixinStandardHelpOptions = true,
    description = "List the members of the mesh that are there right now.")
final class PeersCommand extends Verb {
  @Override
  ExitStatus run(Output output) throws Exception {
    try (Node node = Node.start(common().nodeHome(), NodeSettings.standard())) {
      Map<NodeId, List<PeerView>> peers =
          node.peers().stream()
              .collect(Collectors.groupingBy(PeerView::id, TreeMap::new, Collectors.toList()));
      if (peers.isEmpty()) {
        output.line("Nobody else is there right now.");
      }
      for (var peer : peers.entrySet()) {
        String name = peer.getValue().getFirst().name();
        long resources =
            peer.getValue().stream().mapToLong(process -> process.resources().size()).sum();
        output.line(
            String.format(
                "%-16s %s  %d %s",
                name, peer.getKey(), resources, resources == 1 ? "resource" : "resources"));
        output.event(
            Json.event("peer")
                .put("name", name)
                .put("id", peer.getKey())
                .put("processes", peer.getValue().size())
                .put("resources", resources));
      }
      output.event(Json.event("result").put("ok", true).put("peers", peers.size()));
    }
    return ExitStatus.DONE;
  }
}
