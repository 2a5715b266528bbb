package dev.godwit.nbd;

/**
 * What server and client agreed on.
 *
 * @param export the chosen export
 * @param replies the kind of replies the client understands
 * @param allocation whether the client may ask for the status of blocks
 */
record Negotiated(Export export, Replies replies, Allocation allocation) {

  /** The kind of replies. */
  enum Replies {
    SIMPLE,
    STRUCTURED
  }

  /** Whether the context {@code base:allocation} is selected. */
  enum Allocation {
    OFF,
    SELECTED
  }
}
