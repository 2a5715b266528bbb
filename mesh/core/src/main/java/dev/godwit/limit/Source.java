package dev.godwit.limit;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Where something comes from, as far as limits are concerned: an IPv4 address, or the /64 of an
 * IPv6 address, all of which one person has; or whatever else tells those apart who come.
 *
 * @param name equal for those that share a limit
 */
public record Source(String name) {
  private static final int IPV6_PREFIX_BYTES = 8;

  /** The source that an address belongs to. */
  public static Source of(InetAddress address) {
    byte[] bytes = address.getAddress();
    byte[] shared =
        address instanceof Inet6Address ? Arrays.copyOf(bytes, IPV6_PREFIX_BYTES) : bytes;
    return new Source(HexFormat.of().formatHex(shared));
  }
}
