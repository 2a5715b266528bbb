package dev.godwit.cli;

import dev.godwit.node.CommandHook;
import java.time.Duration;
import java.util.Map;

/** What people read of hooks. */
final class HookWords {
  /** In the help of verbs that have hooks. */
  static final String ENVIRONMENT =
      "Hooks run with 'sh -c', with GODWIT_RESOURCE, GODWIT_FILE and, where there is a device,"
          + " GODWIT_DEVICE in their environment. What they write is shown.";

  /** In the help of leech. */
  static final String AGAIN =
      "When the command goes on after it was killed, --on-resume runs with GODWIT_AGAIN=1: the program"
          + " may be running already.";

  /** In the help of seed. */
  static final String ORDER =
      "After --on-suspend the program must not write any more. --on-resume runs when the move came"
          + " to nothing, --on-moved when it is complete and nothing here is needed any more.";

  private HookWords() {}

  /** What surrounds hooks that are run by a command. */
  static CommandHook.Surroundings surroundings(
      Output output, Map<String, String> environment, Duration limit) {
    return new CommandHook.Surroundings(
        () -> Map.copyOf(environment),
        limit,
        (hook, text) -> {
          text.lines().forEach(line -> output.line("  on-" + hook + ": " + line));
          output.event(Json.event("hook").put("hook", hook).put("output", text));
        });
  }
}
