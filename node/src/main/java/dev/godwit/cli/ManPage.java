package dev.godwit.cli;

import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page of a verb, in the language of man(7), made of what {@code --help} is made of. */
final class ManPage {
  private final CommandSpec command;
  private final String version;
  private final StringBuilder page = new StringBuilder();

  ManPage(CommandSpec command, String version) {
    this.command = command;
    this.version = version;
  }

  /** What the page is called, without its section: {@code godwit-mesh-join}. */
  static String name(CommandSpec command) {
    return command.qualifiedName("-");
  }

  String text() {
    line(
        ".TH \""
            + name(command).toUpperCase(Locale.ROOT)
            + "\" 1 \"\" \"godwit "
            + version
            + "\" \"Godwit\"");
    section("NAME");
    line(escaped(name(command)) + " \\- " + escaped(summary(command)));
    section("SYNOPSIS");
    line(".nf");
    line(escaped(command.commandLine().getHelp().synopsis(0).stripTrailing()));
    line(".fi");
    String[] description = lines(command.usageMessage().description());
    if (description.length > 0) {
      section("DESCRIPTION");
      verbatim(description);
    }
    arguments("ARGUMENTS", command.positionalParameters());
    arguments("OPTIONS", command.options());
    verbs();
    String[] footer = lines(command.usageMessage().footer());
    if (footer.length > 0) {
      section("NOTES");
      verbatim(footer);
    }
    return page.toString();
  }

  private static String summary(CommandSpec command) {
    String[] header = lines(command.usageMessage().header());
    String[] description = lines(command.usageMessage().description());
    return header.length > 0 ? header[0] : description.length > 0 ? description[0] : "";
  }

  private void arguments(String title, List<? extends ArgSpec> all) {
    List<? extends ArgSpec> shown = all.stream().filter(one -> !one.hidden()).toList();
    if (shown.isEmpty()) {
      return;
    }
    section(title);
    for (ArgSpec one : shown) {
      line(".TP");
      line("\\fB" + escaped(label(one)) + "\\fR");
      verbatim(described(one));
    }
  }

  private static String[] described(ArgSpec one) {
    String[] description = one.description();
    for (int i = 0; i < description.length; i++) {
      description[i] =
          description[i].replace("${DEFAULT-VALUE}", String.valueOf(one.defaultValueString()));
    }
    return lines(description);
  }

  private static String label(ArgSpec one) {
    return switch (one) {
      case OptionSpec option ->
          String.join(", ", option.names())
              + (option.arity().max() == 0 ? "" : " " + option.paramLabel());
      case PositionalParamSpec parameter -> parameter.paramLabel();
      default -> one.paramLabel();
    };
  }

  private void verbs() {
    if (command.subcommands().isEmpty()) {
      return;
    }
    section("VERBS");
    command
        .subcommands()
        .forEach(
            (verb, sub) -> {
              if (!sub.getCommandSpec().usageMessage().hidden()) {
                line(".TP");
                line("\\fB" + escaped(verb) + "\\fR");
                line(escaped(summary(sub.getCommandSpec())));
              }
            });
    section("SEE ALSO");
    line(
        String.join(
            ", ",
            command.subcommands().values().stream()
                .map(sub -> sub.getCommandSpec())
                .filter(sub -> !sub.usageMessage().hidden())
                .map(sub -> "\\fB" + escaped(name(sub)) + "\\fR(1)")
                .toList()));
  }

  private static String[] lines(String[] texts) {
    return List.of(texts).stream()
        .map(text -> Ansi.OFF.string(String.format(text)))
        .dropWhile(String::isEmpty)
        .toArray(String[]::new);
  }

  private void section(String title) {
    line(".SH " + title);
  }

  private void verbatim(String[] lines) {
    for (int i = 0; i < lines.length; i++) {
      if (i > 0) {
        line(".br");
      }
      line(escaped(lines[i]));
    }
  }

  private void line(String text) {
    page.append(text).append('\n');
  }

  /** So that groff takes it for text: backslashes, dashes, and what would begin a request. */
  private static String escaped(String text) {
    String plain = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq");
    return plain.startsWith(".") ? "\\&" + plain : plain;
  }
}
