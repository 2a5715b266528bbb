package dev.godwit.cli;

import dev.godwit.demo.DemoProgram;
import dev.godwit.nbd.NbdAddress;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo-program",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "The program of 'godwit demo': writes numbered records to an NBD device.")
final class DemoProgramCommand extends Verb {
  @Option(names = "--device", required = true, paramLabel = "DEV")
  private String device = "";

  @Option(names = "--log", required = true, paramLabel = "FILE")
  private Path log = Path.of("");

  @Option(names = "--write-rate", required = true, paramLabel = "BYTES")
  private String writeRate = "";

  @Override
  ExitStatus run(Output output) throws Exception {
    Termination termination = termination();
    DemoProgram.run(
        NbdAddress.parse(device),
        log,
        Units.parseSize(writeRate),
        () -> output.event(Json.event("ready")),
        () -> termination.requested().isDone());
    return ExitStatus.DONE;
  }
}
