package dev.godwit.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Print what makes a shell complete this command.",
      "bash: add to ~/.bashrc:  source <(godwit completion bash)",
      "zsh:  add to ~/.zshrc:   source <(godwit completion zsh)"
    })
final class CompletionCommand extends Verb {
  private static final Pattern VALUES = Pattern.compile("(?<=_args=)\\((\"[A-Z_]+\" ?)+\\)");

  @Parameters(arity = "0..1", paramLabel = "SHELL", description = "bash (the default) or zsh.")
  private Shell shell = Shell.BASH;

  /** Shells for which there is completion. */
  enum Shell {
    /** GNU bash. */
    BASH,
    /** The Z shell, which takes what bash takes. */
    ZSH
  }

  @Override
  ExitStatus run(Output output) {
    String script = lowerCase(AutoComplete.bash("godwit", Godwit.commandLine()));
    // The script turns bash completion on in zsh; that needs compinit to have run before.
    String text =
        switch (shell) {
          case BASH -> script;
          case ZSH -> "autoload -Uz compinit && compinit\n" + script;
        };
    output.verbatim(text.stripTrailing());
    output.event(
        Json.event("result")
            .put("ok", true)
            .put("shell", shell.name().toLowerCase(Locale.ROOT))
            .put("script", text));
    return ExitStatus.DONE;
  }

  /** Values as the help writes them. */
  private static String lowerCase(String script) {
    return VALUES
        .matcher(script)
        .replaceAll(found -> Matcher.quoteReplacement(found.group().toLowerCase(Locale.ROOT)));
  }
}
