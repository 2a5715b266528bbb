package dev.godwit.node;

/**
 * A resource of a node as users write it, {@code NODE/RESOURCE}.
 *
 * @param node a node id or the name of a member
 * @param resource its name there
 */
public record ResourceName(String node, String resource) {

  /**
   * Reads {@code NODE/RESOURCE}.
   *
   * @throws NodeException when it is not of that form
   */
  public static ResourceName parse(String text) throws NodeException {
    int slash = text.indexOf('/');
    if (slash <= 0 || slash == text.length() - 1) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "'" + text + "' does not name a resource; write NODE/RESOURCE, for example alice/vm1.");
    }
    return new ResourceName(text.substring(0, slash), checked(text.substring(slash + 1)));
  }

  /**
   * Passes a resource name on.
   *
   * @throws NodeException when it is not made of 1 to 100 letters, digits, dots, dashes,
   *     underscores and inner slashes
   */
  public static String checked(String resource) throws NodeException {
    if (!isName(resource)) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "'"
              + resource
              + "' is no name for a resource; use letters, digits, dots, dashes, and slashes inside.");
    }
    return resource;
  }

  /** Whether it is a name as {@link #checked} wants it; others are shown nowhere. */
  static boolean isName(String resource) {
    return resource.length() <= 100 && resource.matches("[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*");
  }

  @Override
  public String toString() {
    return node + "/" + resource;
  }
}
