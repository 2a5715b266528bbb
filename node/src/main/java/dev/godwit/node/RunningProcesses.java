package dev.godwit.node;

import dev.godwit.node.proto.ProcessStatus;
import java.util.List;

/**
 * The processes of one node that run right now. Immutable.
 *
 * @param answered what those say that answer
 * @param silent the process ids of those that do not answer, because they are stopped or very busy
 */
public record RunningProcesses(List<ProcessStatus> answered, List<Long> silent) {
  /** Copies the lists. */
  public RunningProcesses {
    answered = List.copyOf(answered);
    silent = List.copyOf(silent);
  }
}
