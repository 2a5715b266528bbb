package dev.godwit.cli;

import dev.godwit.node.Node;
import dev.godwit.node.NodeHome;
import dev.godwit.node.StatusSocket;
import dev.godwit.node.proto.ProcessStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Stay in the mesh until Ctrl-C, so that others see and reach this node.")
final class UpCommand extends Verb {
  @Mixin private final ListenOption listen = new ListenOption();

  @Override
  ExitStatus run(Output output) throws Exception {
    Termination termination = termination();
    NodeHome home = common().nodeHome();
    try (Node node = Node.start(home, told(listen.settings().staying()));
        StatusSocket socket = StatusSocket.open(home, () -> status(node))) {
      output.line(node.name() + " is up in mesh " + node.mesh().name() + " until Ctrl-C.");
      output.event(Json.event("ready").put("name", node.name()).put("id", node.id()));
      termination.requested().get();
      output.event(Json.event("result").put("ok", true));
    }
    return ExitStatus.DONE;
  }

  private static ProcessStatus status(Node node) {
    return ProcessStatus.newBuilder()
        .setPid(ProcessHandle.current().pid())
        .setRole("up")
        .setState("there")
        .setHub(Words.hub(node.hubState()))
        .build();
  }
}
