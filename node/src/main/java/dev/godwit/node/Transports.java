package dev.godwit.node;

import dev.godwit.identity.Identity;
import dev.godwit.quic.QuicTransport;
import dev.godwit.seal.InstanceId;
import dev.godwit.stream.Connection;
import dev.godwit.tls.Invitations;
import dev.godwit.tls.RelayTransport;
import dev.godwit.tls.TlsTransport;
import dev.godwit.webrtc.IceServer;
import dev.godwit.webrtc.WebRtcSettings;
import dev.godwit.webrtc.WebRtcSignals;
import dev.godwit.webrtc.WebRtcTransport;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transports of one node. TLS listens on the TCP port of the same number as QUIC if it can.
 * Where the native library of QUIC cannot be loaded, the node goes on without QUIC.
 */
final class Transports implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Transports.class);

  private final Optional<QuicTransport> quic;
  private final TlsTransport tls;
  private final RelayTransport relay;
  private final WebRtcTransport webrtc;

  private Transports(
      Optional<QuicTransport> quic,
      TlsTransport tls,
      RelayTransport relay,
      WebRtcTransport webrtc) {
    this.quic = quic;
    this.tls = tls;
    this.relay = relay;
    this.webrtc = webrtc;
  }

  /**
   * Opens the sockets.
   *
   * @param instance the name of this process at the hub
   * @param access what is known of the relay now
   * @param mail takes the messages of WebRTC
   * @param ice servers that WebRTC may use now
   */
  static Transports open(
      Identity identity,
      InstanceId instance,
      NodeSettings settings,
      RelayTransport.Access access,
      WebRtcSignals mail,
      Supplier<List<IceServer>> ice,
      InstantSource clock,
      SecureRandom random)
      throws IOException {
    Optional<QuicTransport> quic = quic(identity, settings, clock, random);
    try {
      TlsTransport tls =
          beside(
              quic.map(QuicTransport::boundTo).orElse(settings.listen()), identity, clock, random);
      try {
        Invitations sealed =
            (peer, address, circuit) -> {
              throw new IOException("invitations travel with the request to connect");
            };
        return new Transports(
            quic,
            tls,
            new RelayTransport(identity, "", access, sealed, clock, random),
            new WebRtcTransport(
                identity,
                WebRtcMail.address(instance),
                mail,
                WebRtcSettings.LOCAL.with(ice),
                clock,
                random));
      } catch (IOException e) {
        tls.close();
        throw e;
      }
    } catch (IOException e) {
      quic.ifPresent(QuicTransport::close);
      throw e;
    }
  }

  private static Optional<QuicTransport> quic(
      Identity identity, NodeSettings settings, InstantSource clock, SecureRandom random)
      throws IOException {
    try {
      return Optional.of(
          new QuicTransport(identity, settings.listen(), settings.quic(), clock, random));
    } catch (LinkageError e) {
      LOG.debug("the native library of QUIC cannot be loaded", e);
      settings
          .waits()
          .limited(LibraryTrouble.sentence(e) + " Going on without QUIC: TLS and the relay.");
      return Optional.empty();
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

  /** Empty where its native library cannot be loaded. */
  Optional<QuicTransport> quic() {
    return quic;
  }

  TlsTransport tls() {
    return tls;
  }

  RelayTransport relay() {
    return relay;
  }

  WebRtcTransport webrtc() {
    return webrtc;
  }

  /** Gives every accepted connection to {@code listener}. */
  void listen(Consumer<Connection> listener) {
    quic.ifPresent(transport -> transport.listen(listener));
    tls.listen(listener);
    relay.listen(listener);
    webrtc.listen(listener);
  }

  @Override
  public void close() {
    quic.ifPresent(QuicTransport::close);
    tls.close();
    relay.close();
    webrtc.close();
  }
}
