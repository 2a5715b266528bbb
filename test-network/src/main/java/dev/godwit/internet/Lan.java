package dev.godwit.internet;

import java.io.IOException;

/**
 * A home network that is one Ethernet, with broadcast and multicast, and a router at its edge. The
 * router translates like {@link NatKind#PORT_RESTRICTED}; its owner may run a program on it that
 * maps ports, and what such a program translates is let through. For one thread.
 */
public final class Lan {
  private static final String BRIDGE = "lan0";

  private final String prefix;
  private final String name;
  private final String subnet;
  private final Attachment outside;
  private final LanHost router;
  private int hosts = 1;

  Lan(Wiring wiring, String prefix, String name, String subnet, Router provider)
      throws IOException {
    this.prefix = prefix;
    this.name = name;
    this.subnet = subnet;
    Namespace namespace = Namespace.add(prefix + name);
    namespace.forward();
    namespace.ip(
        "link add " + BRIDGE + " type bridge mcast_snooping 0",
        "link set " + BRIDGE + " up",
        "address add " + subnet + ".1/24 broadcast + dev " + BRIDGE);
    this.outside = provider.attach(namespace, Ruleset.OUTSIDE, LinkProfile.PERFECT);
    this.router = new LanHost(namespace, subnet + ".1");
    namespace.rules(
        """
        flush ruleset
        table ip home {
          chain outbound { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
          chain forwarding { type filter hook forward priority filter; policy drop;
            ct state established,related accept
            ct status dnat accept
            iifname "lan0" accept
          }
          chain inputs { type filter hook input priority filter; policy drop;
            ct state established,related accept
            iifname { "lan0", "lo" } accept
          }
        }
        """);
  }

  /** Its router, as seen from inside; commands run there see the outside as {@code wan}. */
  public LanHost router() {
    return router;
  }

  /** The router's public address. */
  public String outside() {
    return outside.address();
  }

  /** The first three numbers of the inside's addresses. */
  public String subnet() {
    return subnet;
  }

  /** Plugs in a new host, whose interface is called {@code net0}. */
  public LanHost host(String hostName) throws IOException {
    String address = subnet + "." + ++hosts;
    String far = "port" + hosts;
    Namespace namespace = Namespace.add(prefix + name + "-" + hostName);
    namespace.ip(
        "link add net0 type veth peer name " + far + " netns " + router.namespace(),
        "address add " + address + "/24 broadcast + dev net0",
        "link set net0 up");
    new Namespace(router.namespace())
        .ip("link set " + far + " master " + BRIDGE, "link set " + far + " up");
    namespace.awaitCarrier("net0");
    namespace.ip("route replace default via " + subnet + ".1 dev net0");
    return new LanHost(namespace, address);
  }

  @Override
  public String toString() {
    return name + " (" + subnet + ".0/24 behind " + outside.address() + ")";
  }
}
