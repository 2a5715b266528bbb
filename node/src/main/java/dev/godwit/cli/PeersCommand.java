package dev.godwit.cli;

import dev.godwit.identity.NodeId;
import dev.godwit.node.Node;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.PeerView;
import dev.godwit.node.RunningProcesses;
import dev.godwit.node.StatusSocket;
import dev.godwit.node.proto.ProcessStatus;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

@Command(
    name = "peers",
    mixinStandardHelpOptions = true,
    description = "List the members of the mesh that are there right now.")
final class PeersCommand extends Verb {
  @Override
  ExitStatus run(Output output) throws Exception {
    RunningProcesses here = StatusSocket.ask(common().nodeHome());
    try (Node node = Node.start(common().nodeHome(), told(NodeSettings.standard()))) {
      Map<NodeId, List<PeerView>> peers =
          node.peers().stream()
              .collect(Collectors.groupingBy(PeerView::id, TreeMap::new, Collectors.toList()));
      if (peers.keySet().stream().allMatch(node.id()::equals)) {
        output.line("Nobody else is there right now.");
      }
      Table table = new Table();
      for (var peer : peers.entrySet()) {
        String name = peer.getValue().getFirst().name();
        long resources =
            peer.getValue().stream().mapToLong(process -> process.resources().size()).sum();
        boolean own = peer.getKey().equals(node.id());
        table.row(
            name,
            Words.count(resources, "resource") + (own ? ", this node" : ""),
            peer.getKey().toString());
        @Nullable ProcessStatus reached =
            here.answered().stream()
                .filter(process -> process.getPeer().equals(name) && !process.getPath().isEmpty())
                .findFirst()
                .orElse(null);
        if (reached != null) {
          table.note("over " + reached.getPath() + "; " + ReachedWords.of(reached));
        }
        output.event(
            Json.event("peer")
                .put("path", reached == null ? null : reached.getPath())
                .put("why", reached == null ? null : reached.getWhy())
                .put("name", name)
                .put("id", peer.getKey())
                .put("thisNode", own)
                .put("processes", peer.getValue().size())
                .put("resources", resources));
      }
      table.show(output);
      SilentProcesses.tell(output, here.silent());
      output.event(Json.event("result").put("ok", true).put("peers", peers.size()));
    }
    return ExitStatus.DONE;
  }
}
