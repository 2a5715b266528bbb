package dev.godwit.node;

import java.util.List;

/** What a node waits for, so that people can be told. */
public sealed interface Wait {
  /** In a few words: "looking for alice". */
  String text();

  /**
   * The hub has not answered yet.
   *
   * @param address as people write it
   */
  record Hub(String address) implements Wait {
    @Override
    public String text() {
      return "reaching the hub " + address + ", no answer yet";
    }
  }

  /**
   * The hub could not be reached so far.
   *
   * @param reason one or more sentences; what to do about it is said when it is given up
   */
  record HubAway(String reason) implements Wait {
    @Override
    public String text() {
      return "trying the hub again: " + reason.replaceFirst("(?s)[.?!]( .*)?$", "");
    }
  }

  /**
   * A member is looked for.
   *
   * @param name its name or id
   */
  record Member(String name) implements Wait {
    @Override
    public String text() {
      return "looking for " + name;
    }
  }

  /**
   * A member was found, and is being reached.
   *
   * @param transports that are tried
   */
  record Path(List<String> transports) implements Wait {
    /** Copies the list. */
    public Path {
      transports = List.copyOf(transports);
    }

    @Override
    public String text() {
      return "trying " + String.join(", ", transports);
    }
  }

  /**
   * A member has been asked for a resource.
   *
   * @param name of the member
   * @param resource its name there
   */
  record Owner(String name, String resource) implements Wait {
    @Override
    public String text() {
      return "asking " + name + " for " + resource;
    }
  }

  /** Who is told; called on any thread, and must return soon. */
  @FunctionalInterface
  interface Listener {
    /** Somebody who does not care. */
    Listener NONE = _ -> {};

    /** From now on the node waits for that. */
    void waiting(Wait wait);

    /**
     * Something does not work on this machine, and the node goes on without it.
     *
     * @param advice in a sentence or two: what, why, and what to do
     */
    default void limited(String advice) {}
  }
}
