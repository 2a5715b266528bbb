package dev.godwit.cli;

import java.util.List;
import java.util.stream.Collectors;

/** What is said of processes of this node that do not answer. */
final class SilentProcesses {
  private SilentProcesses() {}

  /** Shows each of them. */
  static void tell(Output output, List<Long> silent) {
    for (long pid : silent) {
      output.line(sentence(pid));
      output.event(Json.event("process").put("pid", pid).put("state", "not answering"));
    }
  }

  /** What to add to a refusal that might be wrong because of them; empty when all answer. */
  static String remark(List<Long> silent) {
    return silent.stream().map(pid -> " " + sentence(pid)).collect(Collectors.joining());
  }

  private static String sentence(long pid) {
    return "Process "
        + pid
        + " of this node does not answer: it is stopped or very busy. If it is stopped, 'fg' or"
        + " 'kill -CONT "
        + pid
        + "' lets it go on.";
  }
}
