package dev.godwit.nbd;

import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where an NBD server listens, and which of its exports is meant. */
public sealed interface NbdAddress {
  /** The port registered for NBD. */
  int DEFAULT_PORT = 10809;

  /** The export's name; empty means the default export. */
  String export();

  /** The address as other NBD programs understand it. */
  String toUri();

  /**
   * A socket in the file system.
   *
   * @param path of the socket
   * @param export the export's name, may be empty
   */
  record Unix(Path path, String export) implements NbdAddress {
    @Override
    public String toUri() {
      return "nbd+unix:///" + encode(export) + "?socket=" + encode(path.toString());
    }

    @Override
    public String toString() {
      return toUri();
    }
  }

  /**
   * A TCP port.
   *
   * @param host a name or an address, IPv6 without brackets
   * @param port 0 to 65535; 0 lets a listener choose one
   * @param export the export's name, may be empty
   */
  record Tcp(String host, int port, String export) implements NbdAddress {
    /** Rejects an empty host and ports out of range. */
    public Tcp {
      if (host.isEmpty() || port < 0 || port > 65535) {
        throw new IllegalArgumentException("NBD address " + host + ":" + port);
      }
    }

    @Override
    public String toUri() {
      String shown = host.contains(":") ? "[" + host + "]" : host;
      return "nbd://" + shown + ":" + port + "/" + encode(export);
    }

    @Override
    public String toString() {
      return toUri();
    }
  }

  /**
   * Reads {@code nbd:unix:PATH}, {@code nbd:HOST:PORT}, {@code nbd+unix:///NAME?socket=PATH} or
   * {@code nbd://HOST[:PORT]/NAME}.
   *
   * @throws IllegalArgumentException with a message for people when it is none of these
   */
  static NbdAddress parse(String text) {
    if (text.startsWith("nbd+unix:") || text.startsWith("nbd://")) {
      return parseUri(text);
    }
    if (text.startsWith("nbd:unix:")) {
      String path = text.substring("nbd:unix:".length());
      if (path.isEmpty()) {
        throw bad(text);
      }
      return new Unix(Path.of(path), "");
    }
    int colon = text.lastIndexOf(':');
    if (!text.startsWith("nbd:") || colon <= 4) {
      throw bad(text);
    }
    String host = text.substring(4, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.contains(":")) {
      throw bad(text);
    }
    try {
      return new Tcp(host, Integer.parseInt(text.substring(colon + 1)), "");
    } catch (IllegalArgumentException e) {
      throw bad(text);
    }
  }

  private static NbdAddress parseUri(String text) {
    URI uri;
    try {
      uri = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw bad(text);
    }
    String path = uri.getPath() == null ? "" : uri.getPath();
    String export = path.startsWith("/") ? path.substring(1) : path;
    if ("nbd+unix".equals(uri.getScheme())) {
      String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
      for (String part : query.split("&", -1)) {
        if (part.startsWith("socket=") && part.length() > "socket=".length()) {
          String socket = part.substring("socket=".length()).replace("+", "%2B");
          return new Unix(Path.of(URLDecoder.decode(socket, StandardCharsets.UTF_8)), export);
        }
      }
      throw bad(text);
    }
    String host = uri.getHost();
    if (host == null) {
      throw bad(text);
    }
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    return new Tcp(host, uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(), export);
  }

  private static IllegalArgumentException bad(String text) {
    return new IllegalArgumentException(
        "\""
            + text
            + "\" is no NBD address; write nbd:unix:PATH, nbd:HOST:PORT, "
            + "nbd+unix:///NAME?socket=PATH or nbd://HOST:PORT/NAME");
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
  }
}
