package dev.godwit.cli;

import dev.godwit.node.NodeException;

/** A node as people name it on a command line: by its name or its id. */
final class NodeWord {
  private NodeWord() {}

  /**
   * Passes it on.
   *
   * @throws NodeException when it names a resource of a node, which is easily typed by habit
   */
  static String checked(String text) throws NodeException {
    int slash = text.indexOf('/');
    if (slash <= 0) {
      return text;
    }
    throw new NodeException(
        NodeException.Kind.USAGE,
        "'" + text + "' names a resource. Name the node alone: " + text.substring(0, slash) + ".");
  }
}
