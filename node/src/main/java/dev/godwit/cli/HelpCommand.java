package dev.godwit.cli;

import dev.godwit.node.Version;
import java.io.PrintWriter;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
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
      completionCandidates = Verbs.class,
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
    CommonOptions common = ((Godwit) own.root().userObject()).common();
    if (common.json()) {
      common.output().event(help(found));
      return ExitStatus.DONE.code();
    }
    PrintWriter out = own.commandLine().getOut();
    found.usage(out, own.commandLine().getColorScheme());
    out.flush();
    return ExitStatus.DONE.code();
  }

  /**
   * What {@code --help} or {@code --version} ask for, for programs; empty when neither is there.
   */
  static Optional<Json> asked(ParseResult parsed) {
    for (ParseResult of = parsed; ; of = of.subcommand()) {
      if (of.isUsageHelpRequested()) {
        return Optional.of(help(of.commandSpec().commandLine()));
      }
      if (of.isVersionHelpRequested()) {
        return Optional.of(Json.event("result").put("ok", true).put("version", Version.current()));
      }
      if (!of.hasSubcommand()) {
        return Optional.empty();
      }
    }
  }

  private static Json help(CommandLine command) {
    return Json.event("result")
        .put("ok", true)
        .put("verb", command.getCommandSpec().qualifiedName())
        .put("help", command.getUsageMessage(CommandLine.Help.Ansi.OFF));
  }

  /** The verbs that a shell completes. */
  static final class Verbs implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Godwit.verbs().iterator();
    }
  }
}
