package dev.godwit.node;

import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What went wrong with a connection, in sentences. */
final class NetworkTrouble {
  private NetworkTrouble() {}

  static String unknownHost(String message) {
    // "name: Temporary failure in name resolution"
    int colon = message.indexOf(": ");
    String host = colon < 0 ? message : message.substring(0, colon);
    return message.contains("Temporary failure")
        ? "The name '" + host + "' cannot be looked up: no DNS server answers. Is the network up?"
        : "The name '" + host + "' is not known to DNS. Is it spelled correctly?";
  }

  static String sentence(SocketException e) {
    String message = String.valueOf(e.getMessage());
    return switch (e) {
      case BindException _ -> bind(message);
      case NoRouteToHostException _ ->
          "No way leads there (" + message + "). Is the network up, and does a firewall refuse it?";
      case ConnectException _ when message.contains("refused") ->
          "The machine is there, but nothing listens at that port (" + message + ").";
      case SocketException _ when isLongPath(e) ->
          "A UNIX socket cannot be made. " + FileTrouble.SOCKET_PATH;
      default ->
          FileTrouble.advice(message)
              .map(advice -> "The network cannot be used: " + message + ". " + advice)
              .orElse("The connection failed: " + Explanation.ended(message));
    };
  }

  /** Whether a UNIX socket cannot be made because of its path. */
  static boolean isLongPath(SocketException e) {
    return String.valueOf(e.getMessage()).contains("Unix domain path too long");
  }

  /** What to say when a socket cannot be bound. */
  static String bind(String said) {
    // Netty names the call and the number, too.
    String message = said.replaceAll("bind\\(\\.\\.\\) failed with error\\(-\\d+\\): ", "");
    if (message.contains("too long for a socket")) {
      return Explanation.ended(message);
    }
    if (message.contains("Permission denied")) {
      return message + ". Ports below 1024 are for root: choose a higher one.";
    }
    if (message.contains("Cannot assign")) {
      return message + ". That is no address of this machine: choose one that is.";
    }
    return message + ". Choose another one, or end the program that uses it.";
  }

  static String tls(SSLException e) {
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateExpiredException) {
        return "A certificate has expired. Is the clock of this machine right?";
      }
      if (cause instanceof CertificateNotYetValidException) {
        return "A certificate is not valid yet. Is the clock of this machine right?";
      }
    }
    return "The encrypted connection failed: "
        + Explanation.ended(String.valueOf(e.getMessage()))
        + " Is it really Godwit that listens there?";
  }
}
