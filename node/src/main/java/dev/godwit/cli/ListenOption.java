package dev.godwit.cli;

import dev.godwit.node.NodeException;
import dev.godwit.node.NodeSettings;
import dev.godwit.path.AddressText;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a node's sockets are bound. */
final class ListenOption {
  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description =
          "Where peers reach this node, UDP and TCP: HOST:PORT, HOST, or a port at every address"
              + " (default: every address, any free port). An IPv6 address is in brackets.")
  private @Nullable String listen;

  NodeSettings settings() throws NodeException {
    NodeSettings standard = NodeSettings.standard();
    return listen == null ? standard : standard.withListen(parse(listen, 0));
  }

  /**
   * Reads {@code HOST:PORT}, {@code HOST} or a port alone; without a host it is every address.
   *
   * @param port when none is given
   */
  static InetSocketAddress parse(String text, int port) throws NodeException {
    if (AddressText.lacksBrackets(text)) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "'"
              + text
              + "' is no HOST:PORT to listen on: an IPv6 address needs brackets, as in"
              + " [::1]:7007.");
    }
    // A number alone would be an IPv4 address to the JDK.
    String whole = text.matches("\\d+") ? ":" + text : text;
    int colon = whole.lastIndexOf(':');
    boolean bare = colon < 0 || whole.endsWith("]");
    String host = bare ? whole : whole.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      return new InetSocketAddress(
          host.isEmpty() ? AddressText.everywhere() : InetAddress.getByName(host),
          bare ? port : Integer.parseInt(whole.substring(colon + 1)));
    } catch (UnknownHostException e) {
      throw new NodeException(
          NodeException.Kind.USAGE, "The host '" + host + "' to listen on is not known.", e);
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "'" + text + "' is no HOST:PORT to listen on; a port is from 0 to 65535.",
          e);
    }
  }
}
