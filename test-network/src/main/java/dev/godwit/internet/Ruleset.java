package dev.godwit.internet;

/**
 * What one translator's namespace is told, in the language of nft(8).
 *
 * <p>An inside host's interface on the translator is called {@code lan} and a number, the one to
 * the outside {@code wan}. Ports are kept when translating, so that the maps can remember who sent
 * from which port; two inside hosts that use the same port at the same time share it, as behind any
 * Linux router.
 */
final class Ruleset {
  static final String INSIDE = "lan";
  static final String OUTSIDE = "wan";

  /** Forwards nothing. */
  static final String CLOSED =
      """
      flush ruleset
      table ip home {
        chain inputs { type filter hook input priority filter; policy drop; }
        chain forwarding { type filter hook forward priority filter; policy drop; }
      }
      """;

  /** Lets the inside out, and in what it has asked for (RFC 6092). */
  static final String IPV6_FILTER =
      """
      flush ruleset
      table ip6 home {
        chain forwarding { type filter hook forward priority filter; policy drop;
          ct state established,related accept
          iifname "lan*" accept
        }
        chain inputs { type filter hook input priority filter; policy drop;
          ct state established,related accept
          icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, echo-request } accept
        }
      }
      """;

  private final NatKind kind;
  private final Hairpin hairpin;
  private final String outside;

  /**
   * Describes one translator.
   *
   * @param kind not {@link NatKind#NONE}
   * @param outside the translator's address
   */
  Ruleset(NatKind kind, Hairpin hairpin, String outside) {
    check(kind, hairpin);
    this.kind = kind;
    this.hairpin = hairpin;
    this.outside = outside;
  }

  /** Refuses what makes no sense. */
  static void check(NatKind kind, Hairpin hairpin) {
    if (kind == NatKind.NONE) {
      throw new IllegalArgumentException("no translation needs no translator");
    }
    if (kind == NatKind.IPV6_ONLY) {
      throw new IllegalArgumentException("IPv6 is filtered, not translated");
    }
    if (hairpin == Hairpin.ON && !kind.hasStableMapping()) {
      throw new IllegalArgumentException("a " + kind + " translator has no hairpin");
    }
  }

  /** All of it; replaces what is there in one step. */
  String text() {
    StringBuilder text = new StringBuilder("flush ruleset\ntable ip home {\n");
    boolean open = kind == NatKind.ENDPOINT_INDEPENDENT;
    if (open || hairpin == Hairpin.ON) {
      map(text, "udp");
    }
    if (open) {
      map(text, "tcp");
    }
    text.append("chain inbound { type nat hook prerouting priority dstnat;\n");
    if (open) {
      text.append("iifname \"wan\" dnat to udp dport map @udp_mapped\n");
      text.append("iifname \"wan\" dnat to tcp dport map @tcp_mapped\n");
    }
    if (hairpin == Hairpin.ON) {
      text.append("iifname \"lan*\" ip daddr ")
          .append(outside)
          .append(" dnat to udp dport map @udp_mapped\n");
    }
    text.append("}\nchain outbound { type nat hook postrouting priority srcnat;\n");
    text.append("oifname \"wan\" masquerade");
    if (kind == NatKind.SYMMETRIC) {
      text.append(" random,fully-random");
    }
    text.append('\n');
    if (hairpin == Hairpin.ON) {
      text.append("iifname \"lan*\" oifname \"lan*\" ct status dnat snat to ")
          .append(outside)
          .append('\n');
    }
    text.append("}\nchain forwarding { type filter hook forward priority filter; policy drop;\n");
    if (kind == NatKind.UDP_BLOCKED || kind == NatKind.TCP_443_ONLY) {
      text.append("meta l4proto != tcp drop\n");
    }
    text.append("ct state established,related accept\n");
    text.append("iifname \"lan*\"");
    if (kind == NatKind.TCP_443_ONLY) {
      text.append(" tcp dport 443");
    }
    text.append(" accept\n");
    if (open) {
      text.append("ct status dnat accept\n");
    }
    text.append("}\nchain inputs { type filter hook input priority filter; policy drop;\n");
    // Without this, a stranger's datagram would make an entry that takes the port from the inside.
    text.append("ct state established,related accept\n");
    text.append("icmp type echo-request accept\n");
    text.append("}\n}\n");
    return text.toString();
  }

  private static void map(StringBuilder text, String protocol) {
    text.append(
        """
        map %1$s_mapped { type inet_service : ipv4_addr; flags dynamic,timeout; timeout 5m; size 65535; }
        chain %1$s_remember { type filter hook forward priority mangle;
        iifname "lan*" oifname "wan" update @%1$s_mapped { %1$s sport : ip saddr }
        }
        """
            .formatted(protocol));
  }
}
