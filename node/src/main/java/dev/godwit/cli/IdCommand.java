package dev.godwit.cli;

import dev.godwit.identity.NodeId;
import picocli.CommandLine.Command;

@Command(
    name = "id",
    mixinStandardHelpOptions = true,
    description = "Print this node's id; the key is made at first use.")
final class IdCommand extends Verb {
  @Override
  ExitStatus run(Output output) throws Exception {
    NodeId id = common().nodeHome().identity().id();
    output.line(id.toString());
    output.event(Json.event("result").put("ok", true).put("id", id));
    return ExitStatus.DONE;
  }
}
