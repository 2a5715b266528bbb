package dev.godwit.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Shows how a verb is used, also one of a verb: {@code godwit help mesh create}. */
@Command(
    name = "help",
    mixinStandardHelpOptions = true,
    helpCommand = true,
    description = "Show how a verb is used.")
final class HelpCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "VERB",
      description = "For example 'seed' or 'mesh join' (default: the command itself).")
  private List<String> verb = List.of();

  @Override
  public Integer call() {
    CommandSpec own = Objects.requireNonNull(spec);
    CommandLine found = own.root().commandLine();
    for (int i = 0; i < verb.size(); i++) {
      @Nullable CommandLine next = found.getSubcommands().get(verb.get(i));
      if (next == null) {
        throw new UnmatchedArgumentException(found, verb.subList(i, verb.size()));
      }
      found = next;
    }
    PrintWriter out = own.commandLine().getOut();
    found.usage(out, own.commandLine().getColorScheme());
    out.flush();
    return ExitStatus.DONE.code();
  }
}
