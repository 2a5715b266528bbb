package dev.godwit.testnetwork;

import dev.godwit.internet.Host;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A machine on which nodes run.
 *
 * @param listen where they listen, as {@code --listen} takes it
 * @param prefix makes a command run there
 */
public record Place(String listen, UnaryOperator<List<String>> prefix) {
  /** This machine; nodes are seen on loopback only. */
  public static final Place HERE = new Place(World.LOOPBACK, command -> command);

  /** A host of a virtual internet; nodes listen on all of its addresses. */
  public static Place on(Host host) throws IOException {
    List<String> enter = host.command(List.of()).command();
    return new Place(":0", command -> Stream.concat(enter.stream(), command.stream()).toList());
  }

  /** As {@link #on}; what a node mounts there can be used from everywhere. */
  public static Place amongMounts(Host host) {
    List<String> enter = host.commandAmongMounts(List.of()).command();
    return new Place(":0", command -> Stream.concat(enter.stream(), command.stream()).toList());
  }

  /** The command that runs {@code command} there. */
  List<String> command(List<String> command) {
    return prefix.apply(command);
  }
}
