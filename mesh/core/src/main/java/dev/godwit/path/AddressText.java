package dev.godwit.path;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Addresses and ports in text: {@code 192.0.2.1:4433}, {@code [2001:db8::1]:4433}. */
public final class AddressText {
  private static final int LONGEST = 64;

  /** Two or more groups of zeros, with the colons around them. */
  private static final Pattern ZEROS = Pattern.compile("(?:^|:)0(?::0)+(?:$|:)");

  /** Unique local addresses are fc00::/7 (RFC 4193). */
  private static final int SHARED_SECOND = 64;

  private static final int UNIQUE_LOCAL = 0xfc;

  private AddressText() {}

  /** The text of an address, without any name look-up. */
  public static String format(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    if (ip == null) {
      return address.getHostString() + ":" + address.getPort();
    }
    String host = ip.getHostAddress();
    return (ip instanceof Inet6Address ? "[" + shorten(host) + "]" : host)
        + ":"
        + address.getPort();
  }

  /** Without its scope, and with the longest run of zeros left out (RFC 5952, section 4.2). */
  private static String shorten(String ipv6) {
    int scope = ipv6.indexOf('%');
    String all = scope < 0 ? ipv6 : ipv6.substring(0, scope);
    MatchResult longest =
        ZEROS.matcher(all).results().max(Comparator.comparingInt(AddressText::length)).orElse(null);
    return longest == null
        ? all
        : all.substring(0, longest.start()) + "::" + all.substring(longest.end());
  }

  private static int length(MatchResult match) {
    return match.end() - match.start();
  }

  /**
   * Reads an address that a peer sent; never asks a name server.
   *
   * @throws IllegalArgumentException when it is not a literal address with a port
   */
  public static InetSocketAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0 || text.length() > LONGEST) {
      throw new IllegalArgumentException("no address and port");
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    String literal = bracketed ? host.substring(1, host.length() - 1) : host;
    if (!literal.matches(bracketed ? "[0-9a-fA-F:.]*:[0-9a-fA-F:.]*" : "[0-9.]+")) {
      throw new IllegalArgumentException("not a literal address");
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      return new InetSocketAddress(InetAddress.getByName(literal), port);
    } catch (NumberFormatException | UnknownHostException e) {
      throw new IllegalArgumentException("not an address and port", e);
    }
  }

  /**
   * Whether a text has an IPv6 address in it that is not in brackets, so that where it ends and a
   * port begins cannot be told.
   */
  public static boolean lacksBrackets(String text) {
    return text.indexOf(':') != text.lastIndexOf(':') && text.matches("[0-9a-fA-F:.]+(%\\S+)?");
  }

  /**
   * The address that a socket is bound to so that it is reached at all addresses of this machine:
   * {@code ::}, which takes IPv4 too, or {@code 0.0.0.0} where no interface has IPv6.
   */
  public static InetAddress everywhere() {
    return InetAddress.ofLiteral(hasIpv6() ? "::" : "0.0.0.0");
  }

  private static boolean hasIpv6() {
    try (Stream<NetworkInterface> interfaces = NetworkInterface.networkInterfaces()) {
      return interfaces
          .flatMap(NetworkInterface::inetAddresses)
          .anyMatch(Inet6Address.class::isInstance);
    } catch (SocketException e) {
      // Interfaces that cannot be listed have no address that peers could be told either.
      return false;
    }
  }

  /**
   * The addresses at which a socket bound to {@code bound} can be dialled: itself, or one for each
   * address of this machine when it is bound to all; public before private, loopback last.
   *
   * @throws SocketException when the interfaces cannot be listed
   */
  public static List<String> reachable(InetSocketAddress bound) throws SocketException {
    if (!bound.getAddress().isAnyLocalAddress()) {
      return List.of(format(bound));
    }
    List<InetAddress> all = new ArrayList<>();
    for (NetworkInterface nic : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      if (nic.isUp()) {
        all.addAll(Collections.list(nic.getInetAddresses()));
      }
    }
    boolean only4 = bound.getAddress() instanceof Inet4Address;
    return all.stream()
        .filter(ip -> !ip.isLinkLocalAddress())
        .filter(ip -> !only4 || ip instanceof Inet4Address)
        .sorted(Comparator.comparingInt(AddressText::rank))
        .map(ip -> format(new InetSocketAddress(ip, bound.getPort())))
        .toList();
  }

  /**
   * What a person has to know of an address: {@code " (private)"} of one that works inside its own
   * network only, {@code " (this machine only)"} of the loopback one; nothing of a public one.
   */
  public static String remark(InetAddress ip) {
    if (ip.isLoopbackAddress()) {
      return " (this machine only)";
    }
    if (ip.isLinkLocalAddress()) {
      return " (this link only)";
    }
    return isPrivate(ip) ? " (private)" : "";
  }

  private static int rank(InetAddress ip) {
    return ip.isLoopbackAddress() ? 2 : isPrivate(ip) ? 1 : 0;
  }

  private static boolean isPrivate(InetAddress ip) {
    byte[] bytes = ip.getAddress();
    // RFC 6598: what providers give to customers behind their own NAT.
    boolean shared =
        ip instanceof Inet4Address && bytes[0] == 100 && (bytes[1] & 0xc0) == SHARED_SECOND;
    return shared
        || ip.isSiteLocalAddress()
        || (ip instanceof Inet6Address && (ip.getAddress()[0] & 0xfe) == UNIQUE_LOCAL);
  }
}
