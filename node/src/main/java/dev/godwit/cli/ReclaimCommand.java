package dev.godwit.cli;

import dev.godwit.node.Node;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.Reclaiming;
import dev.godwit.node.ResourceName;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "reclaim",
    mixinStandardHelpOptions = true,
    description = {
      "Take a state back after a move that cannot be finished.",
      "Asks the other node first, and refuses while the state is, or may be, in use there."
    })
final class ReclaimCommand extends Verb {
  @Parameters(paramLabel = "RESOURCE", description = "What it was called in the mesh.")
  private String resource = "";

  @Option(
      names = "--from",
      required = true,
      paramLabel = "FILE",
      description = "Holds the state, as in seed, or what has come of it, as in leech.")
  private Path from = Path.of("");

  @Option(
      names = "--force",
      description =
          "Also when the other node is gone, or knows nothing: what is only there is lost, and if it"
              + " comes back there are two states.")
  private boolean force;

  @Mixin private final ListenOption listen = new ListenOption();
  @Mixin private final PathOptions paths = new PathOptions();

  @Override
  ExitStatus run(Output output) throws Exception {
    String name = ResourceName.checked(resource);
    NodeHome home = common().nodeHome();
    Reclaiming.check(from, home);
    NodeSettings settings = told(paths.apply(listen.settings()));
    Termination termination = termination();
    Reclaiming.Outcome outcome;
    try (Node node = Node.start(home, settings)) {
      var _ = termination.requested();
      outcome =
          new Reclaiming(
                  node, name, from, force ? Reclaiming.Unasked.FORCE : Reclaiming.Unasked.REFUSE)
              .run();
    }
    output.line(
        output.terminal().tick()
            + " "
            + name
            + " is this node's, generation "
            + outcome.generation()
            + "."
            + (outcome.missing() == 0
                ? ""
                : " "
                    + Units.bytes(outcome.missing())
                    + " of it never came, and read as they were here, or as zeroes."));
    if (outcome.moment() == Reclaiming.Moment.MIXED) {
      output.line(
          "What was written last is not here, and some parts may be older than others: check it"
              + " before anything uses it.");
    }
    output.verbatim("To offer it, or to use it through a device:");
    output.verbatim("  godwit seed " + name + " --from " + PastedWord.of(from));
    output.event(
        Json.event("result")
            .put("ok", true)
            .put("generation", outcome.generation())
            .put("missingBytes", outcome.missing())
            .put("mixed", outcome.moment() == Reclaiming.Moment.MIXED));
    return ExitStatus.DONE;
  }
}
