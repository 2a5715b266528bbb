package dev.godwit.signaling;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.path.AddressText;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a hub is and how to recognize it.
 *
 * @param host a name or an address; an IPv6 address without brackets
 * @param port 1 to 65535
 * @param fingerprint that of the hub's certificate
 */
public record HubAddress(String host, int port, HubFingerprint fingerprint) {

  private static final int MAX_PORT = 65_535;
  private static final int MAX_CHARS = 512;
  private static final Pattern HOST_PORT =
      Pattern.compile("([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\]):([1-9][0-9]{0,4})");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}");

  /** Checks host and port. */
  public HubAddress {
    requireHost(host);
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException("A port is from 1 to " + MAX_PORT + ", not " + port);
    }
  }

  /**
   * Returns {@code host} when it can be one.
   *
   * @param host a name or an address; an IPv6 address without brackets
   * @throws IllegalArgumentException when it is neither
   */
  public static String requireHost(String host) {
    if (!HOST.matcher(host).matches()) {
      throw new IllegalArgumentException("This is not the name of a host: " + host);
    }
    return host;
  }

  /**
   * Takes the parts as a ticket has them.
   *
   * @param hostAndPort {@code HOST:PORT}, an IPv6 address in brackets
   */
  public static HubAddress of(String hostAndPort, HubFingerprint fingerprint) {
    if (AddressText.lacksBrackets(hostAndPort)) {
      throw new IllegalArgumentException("An IPv6 address needs brackets: [::1]:7007.");
    }
    Matcher matcher = HOST_PORT.matcher(hostAndPort);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "A hub's address is HOST:PORT with a port from 1 to "
              + MAX_PORT
              + ", not "
              + hostAndPort
              + ".");
    }
    String host = matcher.group(1);
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    return new HubAddress(host, Integer.parseInt(matcher.group(2)), fingerprint);
  }

  /**
   * Reads {@code HOST:PORT/FINGERPRINT}; a {@code #} may stand for the slash.
   *
   * @throws IllegalArgumentException saying which part is wrong
   */
  public static HubAddress parse(String text) {
    String stripped = text.strip();
    int cut = Math.max(stripped.indexOf('/'), stripped.indexOf('#'));
    if (cut < 0 || stripped.contains("://") || stripped.length() > MAX_CHARS) {
      throw new IllegalArgumentException(
          "A hub is named HOST:PORT/FINGERPRINT; the hub prints it when it starts.");
    }
    return of(stripped.substring(0, cut), HubFingerprint.parse(stripped.substring(cut + 1)));
  }

  /** Whether the host is a name of DNS and no address. */
  boolean isName() {
    return !host.contains(":") && host.chars().anyMatch(Character::isLetter);
  }

  /** {@code HOST:PORT}, an IPv6 address in brackets. */
  public String hostAndPort() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /** Where the hub's WebSocket is. */
  static URI webSocket(HubDoor.Way way) {
    return URI.create("wss://" + way.hostAndPort() + HubProtocol.PATH);
  }

  /** {@code HOST:PORT/FINGERPRINT}. */
  @Override
  public String toString() {
    return hostAndPort() + "/" + fingerprint;
  }
}
