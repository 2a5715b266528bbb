package dev.godwit.cli;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What is wrong with a command line, in words. */
final class Misuse {
  private static final Pattern CHOICE =
      Pattern.compile("expected one of \\[(.*)] \\(case-insensitive\\) but was ('.*')");
  private static final Pattern NUMBER = Pattern.compile("('.*') is not an? (int|long)");

  private Misuse() {}

  static String sentence(ParameterException failure) {
    String message = String.valueOf(failure.getMessage());
    CommandLine command = failure.getCommandLine();
    return switch (failure) {
      case UnmatchedArgumentException unmatched when !unmatched.isUnknownOption() ->
          unexpected(command, unmatched.getUnmatched());
      case MissingParameterException _ -> message + unknownOptions(command.getUnmatchedArguments());
      default -> plain(message);
    };
  }

  private static String unexpected(CommandLine command, List<String> arguments) {
    return command.getSubcommands().isEmpty()
        ? "Too many arguments: '" + String.join("', '", arguments) + "'."
        : "There is no verb '" + arguments.getFirst() + "'.";
  }

  /** The option whose name somebody has written without its dashes: {@code godwit version}. */
  static Optional<String> option(ParameterException failure) {
    return failure instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()
        ? Optional.of("--" + unmatched.getUnmatched().getFirst())
            .filter(failure.getCommandLine().getCommandSpec().optionsMap()::containsKey)
        : Optional.empty();
  }

  /** Whoever mistypes an option is told that another one is missing; this is why. */
  private static String unknownOptions(List<String> unmatched) {
    List<String> options = unmatched.stream().filter(one -> one.startsWith("-")).toList();
    return options.isEmpty() ? "" : "; unknown: '" + String.join("', '", options) + "'";
  }

  /** A choice in the words that are typed. */
  private static String plain(String message) {
    Matcher choice = CHOICE.matcher(message);
    String told =
        choice.replaceAll(
            found ->
                Matcher.quoteReplacement(
                    found.group(2) + " is none of " + found.group(1).toLowerCase(Locale.ROOT)));
    return NUMBER.matcher(told).replaceAll("$1 is no whole number");
  }
}
