package dev.godwit.cli;

import dev.godwit.demo.Rehearsal;
import picocli.CommandLine.Command;

@Command(
    name = "prepare-start",
    hidden = true,
    mixinStandardHelpOptions = true,
    description =
        "Do everything once in this process, so that the launcher can record what a start needs"
            + " and later starts are faster.")
final class PrepareStartCommand extends Verb {
  @Override
  ExitStatus run(Output output) throws Exception {
    Rehearsal.run();
    output.event(Json.event("result").put("ok", true));
    return ExitStatus.DONE;
  }
}
