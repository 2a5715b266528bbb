package dev.godwit.tls;

import dev.godwit.identity.Identity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;

/** Transports on this machine. */
final class Loopback {
  private Loopback() {}

  /**
   * Opens one.
   *
   * @param port 0 for any
   */
  static TlsTransport open(Identity identity, int port) throws IOException {
    return new TlsTransport(
        identity,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
        InstantSource.system(),
        new SecureRandom());
  }
}
