package dev.godwit.cli;

import dev.godwit.node.NodeException;
import dev.godwit.node.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.UnmatchedArgumentException;

@Command(
    name = "man",
    mixinStandardHelpOptions = true,
    description = {
      "Print the manual page of a verb, or write pages into a folder.",
      "To read one: godwit man seed | man -l -"
    })
final class ManCommand extends Verb {
  @Parameters(
      arity = "0..*",
      paramLabel = "VERB",
      completionCandidates = HelpCommand.Verbs.class,
      description = "For example 'seed' or 'mesh join' (default: the command itself).")
  private List<String> verb = List.of();

  @Option(
      names = "--into",
      paramLabel = "DIR",
      description =
          "Write the page of the verb and of its verbs into this folder, as godwit-VERB.1.")
  private @Nullable Path into;

  @Override
  ExitStatus run(Output output) throws IOException {
    CommandLine root = Godwit.commandLine();
    List<CommandLine> pages = new ArrayList<>();
    if (into == null) {
      pages.add(named(root));
    } else {
      all(named(root), pages);
      Files.createDirectories(into);
    }
    for (CommandLine page : pages) {
      String text = new ManPage(page.getCommandSpec(), Version.current()).text();
      if (into == null) {
        output.verbatim(text.stripTrailing());
      } else {
        Files.writeString(into.resolve(ManPage.name(page.getCommandSpec()) + ".1"), text);
      }
      output.event(
          Json.event("page").put("name", ManPage.name(page.getCommandSpec())).put("text", text));
    }
    output.event(Json.event("result").put("ok", true).put("pages", pages.size()));
    return ExitStatus.DONE;
  }

  private CommandLine named(CommandLine root) throws NodeException {
    CommandLine found = root;
    for (String word : verb) {
      @Nullable CommandLine next = found.getSubcommands().get(word);
      if (next == null && found.getSubcommands().isEmpty()) {
        throw new UnmatchedArgumentException(spec().commandLine(), List.of(word));
      }
      if (next == null) {
        throw new NodeException(
            NodeException.Kind.USAGE,
            "There is no verb '"
                + String.join(" ", verb)
                + "'; '"
                + found.getCommandSpec().qualifiedName()
                + " --help' lists all.");
      }
      found = next;
    }
    return found;
  }

  private static void all(CommandLine command, List<CommandLine> pages) {
    if (command.getCommandSpec().usageMessage().hidden()) {
      return;
    }
    pages.add(command);
    command.getSubcommands().values().forEach(sub -> all(sub, pages));
  }
}
