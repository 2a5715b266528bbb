package dev.godwit.internet;

/** Hands out the addresses of one subnet of 256, each once. For one thread. */
final class AddressPool {
  private static final int FIRST = 10;
  private static final int LAST = 254;

  private final String subnet;
  private final String separator;
  private int next = FIRST;

  /**
   * A pool.
   *
   * @param subnet the first three numbers, such as {@code 192.0.2}
   */
  AddressPool(String subnet) {
    this(subnet, ".");
  }

  private AddressPool(String subnet, String separator) {
    this.subnet = subnet;
    this.separator = separator;
  }

  /**
   * A pool of IPv6 addresses.
   *
   * @param prefix of 64 bits, such as {@code 2001:db8:0:1}
   */
  static AddressPool ipv6(String prefix) {
    return new AddressPool(prefix, "::");
  }

  /** The router's address, which is never handed out. */
  String gateway() {
    return subnet + separator + "1";
  }

  /** A fresh address. */
  String take() {
    if (next > LAST) {
      throw new IllegalStateException("no address left in " + subnet);
    }
    return subnet + separator + next++;
  }
}
