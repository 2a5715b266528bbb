package dev.godwit.internet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How a machine is attached to its router. For one thread. */
final class Attachment {
  private final Namespace near;
  private final String nearInterface;
  private final Namespace far;
  private final String farInterface;
  private final String gateway;
  private final Link link;
  private @Nullable String address;
  private @Nullable String ipv6;

  /**
   * Makes both interfaces and what is between them. The machine has no address yet.
   *
   * @param gateway the router's address
   */
  Attachment(
      Namespace near,
      String nearInterface,
      Namespace far,
      String farInterface,
      String gateway,
      Wiring wiring,
      LinkProfile profile)
      throws IOException {
    this.near = near;
    this.nearInterface = nearInterface;
    this.far = far;
    this.farInterface = farInterface;
    this.gateway = gateway;
    this.link = wiring.lay(near, nearInterface, far, farInterface, profile, this::routed);
  }

  Link link() {
    return link;
  }

  /** The machine's address. */
  String address() {
    return routed();
  }

  /** The machine's IPv6 address, if it has one. */
  Optional<String> ipv6() {
    return Optional.ofNullable(ipv6);
  }

  private String routed() {
    if (address != null) {
      return address;
    }
    if (ipv6 != null) {
      return ipv6;
    }
    throw new IllegalStateException(near.name() + " has no address yet");
  }

  /**
   * Gives the machine an IPv6 address, beside what it has.
   *
   * @param router the router's address; neighbours are found by it, so that its interface has it
   */
  void addIpv6(String to, String router) throws IOException {
    near.enableIpv6(nearInterface);
    far.enableIpv6(farInterface);
    near.ip("address add " + to + "/128 dev " + nearInterface + " nodad");
    far.ip(
        "address add " + router + "/128 dev " + farInterface + " nodad",
        "route replace " + to + "/128 dev " + farInterface);
    near.ip(
        "route replace " + router + "/128 dev " + nearInterface,
        "route replace default via " + router + " dev " + nearInterface);
    ipv6 = to;
  }

  /** What is behind the machine is routed to it. */
  void routeBehind(String prefix) throws IOException {
    far.ip("route replace " + prefix + " via " + ipv6().orElseThrow() + " dev " + farInterface);
  }

  /**
   * Gives the machine another address beside the one it has, from which it sends nothing itself.
   */
  void addIpv4(String to) throws IOException {
    near.ip("address add " + to + "/32 dev " + nearInterface);
    far.ip("route replace " + to + "/32 dev " + farInterface);
  }

  /** Gives the machine another address instead of the one it has. */
  void move(String to) throws IOException {
    List<String> nearLines = new ArrayList<>();
    List<String> farLines = new ArrayList<>();
    nearLines.add("address add " + to + "/32 dev " + nearInterface);
    if (address != null) {
      nearLines.add("address delete " + address + "/32 dev " + nearInterface);
      farLines.add("route delete " + address + "/32 dev " + farInterface);
    }
    nearLines.add("route replace " + gateway + "/32 dev " + nearInterface);
    nearLines.add("route replace default via " + gateway + " dev " + nearInterface);
    farLines.add("route replace " + to + "/32 dev " + farInterface);
    near.ip(nearLines.toArray(String[]::new));
    far.ip(farLines.toArray(String[]::new));
    address = to;
  }
}
