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
          "Where peers reach this node, UDP and TCP (default: every address, any free port).")
  private @Nullable String listen;

  NodeSettings settings() throws NodeException {
    NodeSettings standard = NodeSettings.standard();
    return listen == null ? standard : standard.withListen(parse(listen, 0));
  }

  /**
   * Reads {@code HOST:PORT} or {@code HOST}; without a host it is every address.
   *
   * @param port when none is given
   */
  static InetSocketAddress parse(String text, int port) throws NodeException {
    int colon = text.lastIndexOf(':');
    boolean bare = colon < 0 || text.endsWith("]");
    String host = bare ? text : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      return new InetSocketAddress(
          host.isEmpty() ? AddressText.everywhere() : InetAddress.getByName(host),
          bare ? port : Integer.parseInt(text.substring(colon + 1)));
    } catch (UnknownHostException e) {
      throw new NodeException(
          NodeException.Kind.USAGE, "The host '" + host + "' to listen on is not known.", e);
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.USAGE, "'" + text + "' is no HOST:PORT to listen on.", e);
    }
  }
}
