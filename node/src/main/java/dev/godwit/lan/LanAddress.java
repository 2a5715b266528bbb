package dev.godwit.lan;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * An IPv4 address of this machine on a LAN.
 *
 * @param own the address
 * @param prefix how many bits of it are those of the LAN
 */
record LanAddress(Inet4Address own, int prefix) {
  private static final int BITS = 32;

  /** What matters of a network interface. */
  enum Property {
    UP,
    LOOPBACK,
    POINT_TO_POINT,
    MULTICAST
  }

  /** Whether announcements belong there: not into tunnels, and not to ourselves. */
  static boolean isLan(Set<Property> properties) {
    return properties.contains(Property.UP)
        && properties.contains(Property.MULTICAST)
        && !properties.contains(Property.LOOPBACK)
        && !properties.contains(Property.POINT_TO_POINT);
  }

  /** All of this machine now. */
  static Set<LanAddress> all() throws SocketException {
    Set<LanAddress> found = new LinkedHashSet<>();
    for (NetworkInterface one : NetworkInterface.networkInterfaces().toList()) {
      if (isLan(properties(one))) {
        for (InterfaceAddress address : one.getInterfaceAddresses()) {
          if (address.getAddress() instanceof Inet4Address own) {
            found.add(new LanAddress(own, address.getNetworkPrefixLength()));
          }
        }
      }
    }
    return found;
  }

  private static Set<Property> properties(NetworkInterface one) throws SocketException {
    Set<Property> properties = new LinkedHashSet<>();
    if (one.isUp()) {
      properties.add(Property.UP);
    }
    if (one.isLoopback()) {
      properties.add(Property.LOOPBACK);
    }
    if (one.isPointToPoint()) {
      properties.add(Property.POINT_TO_POINT);
    }
    if (one.supportsMulticast()) {
      properties.add(Property.MULTICAST);
    }
    return properties;
  }

  /** Whether another address is on the same LAN, so that a packet there leaves no network. */
  boolean reaches(InetAddress other) {
    if (!(other instanceof Inet4Address) || other.isMulticastAddress() || prefix <= 0) {
      return false;
    }
    int mask = prefix >= BITS ? -1 : -1 << (BITS - prefix);
    return (number(own) & mask) == (number(other) & mask);
  }

  private static int number(InetAddress address) {
    return ByteBuffer.wrap(address.getAddress()).getInt();
  }
}
