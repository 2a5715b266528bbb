package dev.godwit.demo;

import java.util.List;

/**
 * Where the processes of a demo run.
 *
 * @param hub where the hub runs
 * @param alice where the first node runs
 * @param bob where the second node runs
 */
public record Venue(Spot hub, Spot alice, Spot bob) {

  /**
   * A machine, or a network namespace of this one.
   *
   * @param prefix a command that makes another one run there, or nothing
   * @param listen where to listen there, as {@code --listen} takes it
   */
  public record Spot(List<String> prefix, String listen) {
    /** Copies the list. */
    public Spot {
      prefix = List.copyOf(prefix);
    }
  }

  private static final Spot HERE = new Spot(List.of(), "127.0.0.1:0");

  /** Everything on this machine's loopback interface. */
  public static final Venue LOOPBACK = new Venue(HERE, HERE, HERE);
}
