package dev.godwit.node;

import dev.godwit.identity.Octets;
import java.io.IOException;
import java.util.List;

/**
 * The other processes that show this node's identity. On this machine they are its own; anywhere
 * else the identity was copied, with a disk or a folder, and two nodes go by one name.
 */
final class Twins {
  private final PeerDirectory directory;
  private final Octets place;
  private final String name;

  /**
   * Those of a node.
   *
   * @param place of its folder
   * @param name what the mesh calls it
   */
  Twins(PeerDirectory directory, Octets place, String name) {
    this.directory = directory;
    this.place = place;
    this.name = name;
  }

  /** Whether a process is not one of this machine and folder. */
  private boolean isElsewhere(PeerView process) {
    return process.place().length() > 0 && !process.place().equals(place);
  }

  /**
   * Whether this identity is running elsewhere.
   *
   * @throws IOException when the hub cannot be asked
   */
  boolean areElsewhere() throws IOException {
    return directory.own().stream().anyMatch(this::isElsewhere);
  }

  /** What to say when it is. */
  String complaint() {
    return "The identity of this node ("
        + name
        + ") is running elsewhere, too: on another machine, or from a copy of its folder. "
        + advice();
  }

  /**
   * Passes when nobody with this identity offers a resource of this name.
   *
   * @throws NodeException when somebody does
   * @throws IOException when the hub cannot be asked
   */
  void checkOfferedOnlyHere(String resource) throws IOException {
    List<PeerView> rivals =
        directory.own().stream().filter(process -> process.offers(resource)).toList();
    if (rivals.stream().anyMatch(this::isElsewhere)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "'"
              + resource
              + "' is offered already with the identity of this node ("
              + name
              + "), but elsewhere: on another machine, or from a copy of its folder. "
              + advice());
    }
    if (!rivals.isEmpty()) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "Another process of this node offers '"
              + resource
              + "' already; 'godwit status' shows it. End that one, or choose another name.");
    }
  }

  static String advice() {
    return "Each machine needs an identity of its own: end one of them, and join with another"
        + " --home and a ticket of its own.";
  }
}
