package dev.godwit.internet;

/** Hands out the addresses of one subnet of 256, each once. For one thread. */
final class AddressPool {
  private static final int FIRST = 10;
  private static final int LAST = 254;

  private final String subnet;
  private int next = FIRST;

  /**
   * A pool.
   *
   * @param subnet the first three numbers, such as {@code 192.0.2}
   */
  AddressPool(String subnet) {
    this.subnet = subnet;
  }

  /** The router's address, which is never handed out. */
  String gateway() {
    return subnet + ".1";
  }

  /** A fresh address. */
  String take() {
    if (next > LAST) {
      throw new IllegalStateException("no address left in " + subnet + ".0/24");
    }
    return subnet + "." + next++;
  }
}
