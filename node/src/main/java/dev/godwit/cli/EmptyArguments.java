package dev.godwit.cli;

import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Refuses arguments of no characters. Nobody types them; they come from a variable that is not set,
 * and would mean the current folder, or a program that need not be stopped.
 */
final class EmptyArguments {
  private EmptyArguments() {}

  /**
   * Passes when every argument has characters in it.
   *
   * @throws ParameterException when one has none
   */
  static void refuse(ParseResult parsed) {
    for (ParseResult of = parsed; ; of = of.subcommand()) {
      for (ArgSpec given : of.matchedArgs()) {
        if (given.arity().max() > 0 && given.originalStringValues().contains("")) {
          throw new ParameterException(
              of.commandSpec().commandLine(),
              (given instanceof OptionSpec option
                      ? option.longestName() + " has an empty " + option.paramLabel()
                      : given.paramLabel() + " is empty")
                  + ". Is a variable of the shell not set?");
        }
      }
      if (!of.hasSubcommand()) {
        return;
      }
    }
  }
}
