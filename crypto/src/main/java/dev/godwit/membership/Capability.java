package dev.godwit.membership;

/** What a member may do with a resource. None of them includes another. */
public enum Capability {
  /** Read its bytes. */
  READ(1),
  /** Change its bytes. */
  WRITE(2),
  /** Take it over: become the node that owns it. */
  MIGRATE(4),
  /** Reserved: nothing asks for it. */
  ADMIN(8);

  /** The bit that stands for it in certificates; never to be given a new meaning. */
  private final int bit;

  Capability(int bit) {
    this.bit = bit;
  }

  int bit() {
    return bit;
  }
}
