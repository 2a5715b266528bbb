package dev.godwit.hub;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The addresses of this machine. */
final class LocalAddresses {
  private static final Logger LOG = LoggerFactory.getLogger(LocalAddresses.class);

  private LocalAddresses() {}

  /**
   * What to bind in order to listen on an address: for the one that stands for all, itself, for
   * addresses that come later, and each address that this machine has now; else just that one.
   */
  static List<InetAddress> of(InetAddress wanted) {
    if (!wanted.isAnyLocalAddress()) {
      return List.of(wanted);
    }
    List<InetAddress> all = new ArrayList<>();
    all.add(wanted);
    try {
      NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .forEach(all::add);
    } catch (SocketException e) {
      LOG.warn("the addresses of this machine are not known: {}", e.getMessage());
    }
    return all;
  }
}
