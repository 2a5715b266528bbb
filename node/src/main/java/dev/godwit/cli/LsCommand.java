package dev.godwit.cli;

import dev.godwit.node.Node;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.PeerView;
import dev.godwit.signaling.proto.OfferedResource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "ls",
    mixinStandardHelpOptions = true,
    description = "List what members offer right now.")
final class LsCommand extends Verb {
  @Parameters(arity = "0..1", paramLabel = "NODE", description = "Only this node: its name or id.")
  private @Nullable String node;

  private static boolean offersToo(PeerView other, PeerView peer, OfferedResource resource) {
    return other.id().equals(peer.id())
        && other.resources().stream()
            .anyMatch(offered -> offered.getName().equals(resource.getName()));
  }

  /** Whether another node has the same name, so that only the id says which one it is. */
  private static boolean isAmbiguous(PeerView peer, Node here, List<PeerView> peers) {
    boolean isOurs = here.name().equals(peer.name()) && !here.id().equals(peer.id());
    return isOurs
        || peers.stream()
            .anyMatch(other -> other.name().equals(peer.name()) && !other.id().equals(peer.id()));
  }

  @Override
  ExitStatus run(Output output) throws Exception {
    @Nullable String only = node == null ? null : NodeWord.checked(node);
    int count = 0;
    Table table = new Table();
    try (Node here = Node.start(common().nodeHome(), told(NodeSettings.standard()))) {
      List<PeerView> peers = only == null ? here.peers() : here.find(only);
      for (PeerView peer : peers) {
        for (OfferedResource resource : peer.resources()) {
          count++;
          List<String> cells =
              new ArrayList<>(
                  List.of(
                      peer.name() + "/" + resource.getName(),
                      Units.bytes(resource.getSize()),
                      "generation " + resource.getGeneration(),
                      resource.getState()));
          if (isAmbiguous(peer, here, peers)) {
            cells.add(peer.id().toString());
          }
          table.row(cells.toArray(String[]::new));
          if (peers.stream().filter(other -> offersToo(other, peer, resource)).count() > 1) {
            table.note("offered twice with the same identity; neither can be taken until one ends");
          }
          output.event(
              Json.event("resource")
                  .put("node", peer.name())
                  .put("id", peer.id())
                  .put("name", resource.getName())
                  .put("size", resource.getSize())
                  .put("generation", resource.getGeneration())
                  .put("state", resource.getState()));
        }
      }
    }
    table.show(output);
    if (count == 0) {
      output.line("Nothing is offered right now.");
    }
    output.event(Json.event("result").put("ok", true).put("resources", count));
    return ExitStatus.DONE;
  }
}
