package dev.godwit.testnetwork;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A machine on which nodes run.
 *
 * @param listen where they listen, as {@code --listen} takes it
 * @param prefix makes a command run there
 */
public record Place(String listen, UnaryOperator<List<String>> prefix) {
  /** This machine; nodes are seen on loopback only. */
  public static final Place HERE = new Place(World.LOOPBACK, command -> command);

  /** The command that runs {@code command} there. */
  List<String> command(List<String> command) {
    return prefix.apply(command);
  }
}
