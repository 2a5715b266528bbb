package dev.godwit.node;

import dev.godwit.identity.Identity;
import dev.godwit.quic.QuicTransport;
import dev.godwit.stream.Connection;
import dev.godwit.tls.Invitations;
import dev.godwit.tls.RelayTransport;
import dev.godwit.tls.TlsTransport;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transports of one node. TLS listens on the TCP port of the same number as QUIC if it can. */
final class Transports implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Transports.class);

  private final QuicTransport quic;
  private final TlsTransport tls;
  private final RelayTransport relay;

  private Transports(QuicTransport quic, TlsTransport tls, RelayTransport relay) {
    this.quic = quic;
    this.tls = tls;
    this.relay = relay;
  }

  /**
   * Opens the sockets.
   *
   * @param access what is known of the relay now
   */
  static Transports open(
      Identity identity,
      NodeSettings settings,
      RelayTransport.Access access,
      InstantSource clock,
      SecureRandom random)
      throws IOException {
    QuicTransport quic =
        new QuicTransport(identity, settings.listen(), settings.quic(), clock, random);
    try {
      TlsTransport tls = beside(quic.boundTo(), identity, clock, random);
      try {
        Invitations sealed =
            (peer, address, circuit) -> {
              throw new IOException("invitations travel with the request to connect");
            };
        return new Transports(
            quic, tls, new RelayTransport(identity, "", access, sealed, clock, random));
      } catch (IOException e) {
        tls.close();
        throw e;
      }
    } catch (IOException e) {
      quic.close();
      throw e;
    }
  }

  private static TlsTransport beside(
      InetSocketAddress quic, Identity identity, InstantSource clock, SecureRandom random)
      throws IOException {
    try {
      return new TlsTransport(identity, quic, clock, random);
    } catch (BindException e) {
      LOG.debug("another TCP port is used than the UDP port", e);
      return new TlsTransport(identity, new InetSocketAddress(quic.getAddress(), 0), clock, random);
    }
  }

  QuicTransport quic() {
    return quic;
  }

  TlsTransport tls() {
    return tls;
  }

  RelayTransport relay() {
    return relay;
  }

  /** Gives every accepted connection to {@code listener}. */
  void listen(Consumer<Connection> listener) {
    quic.listen(listener);
    tls.listen(listener);
    relay.listen(listener);
  }

  @Override
  public void close() {
    quic.close();
    tls.close();
    relay.close();
  }
}
