package dev.godwit.bench;

import dev.godwit.hub.Hub;
import dev.godwit.hub.HubConfig;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.internet.Host;
import dev.godwit.path.Way;
import dev.godwit.quic.QuicSettings;
import dev.godwit.quic.QuicTransport;
import dev.godwit.signaling.HubAddress;
import dev.godwit.stream.Transport;
import dev.godwit.tls.RelayAccess;
import dev.godwit.tls.RelayTransport;
import dev.godwit.tls.TlsTransport;
import dev.godwit.webrtc.ChildLaunch;
import dev.godwit.webrtc.WebRtcSettings;
import dev.godwit.webrtc.WebRtcTransport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Two transports that are not connected yet, each on its host.
 *
 * @param more what else has to be closed with them
 */
record TransportPair(Transport dialler, Transport acceptor, List<AutoCloseable> more)
    implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final InstantSource CLOCK = InstantSource.system();

  /**
   * Makes one.
   *
   * @param server where the hub of the relay is
   */
  static TransportPair of(
      Way way, Host server, Host near, Host far, Identity alice, Identity bob, SecureRandom random)
      throws Exception {
    return switch (way) {
      case QUIC -> new TransportPair(quic(near, alice, random), quic(far, bob, random), List.of());
      case TLS -> new TransportPair(tls(near, alice, random), tls(far, bob, random), List.of());
      case WEBRTC -> webrtc(near, far, alice, bob, random);
      case RELAY -> relay(server, near, far, alice, bob, random);
    };
  }

  private static Transport quic(Host host, Identity identity, SecureRandom random)
      throws IOException {
    return host.call(
        () ->
            new QuicTransport(
                identity,
                new InetSocketAddress(host.address(), 0),
                QuicSettings.STANDARD,
                CLOCK,
                random));
  }

  private static Transport tls(Host host, Identity identity, SecureRandom random)
      throws IOException {
    return host.call(
        () -> new TlsTransport(identity, new InetSocketAddress(host.address(), 0), CLOCK, random));
  }

  private static TransportPair webrtc(
      Host near, Host far, Identity alice, Identity bob, SecureRandom random) throws IOException {
    Map<String, WebRtcTransport> transports = new ConcurrentHashMap<>();
    for (var node : Map.of(near, alice, far, bob).entrySet()) {
      Host host = node.getKey();
      Identity identity = node.getValue();
      NodeId id = identity.id();
      transports.put(
          host.name(),
          new WebRtcTransport(
              identity,
              host.name(),
              (peer, to, message) ->
                  Objects.requireNonNull(transports.get(to)).received(id, host.name(), message),
              WebRtcSettings.LOCAL.with(
                  new ChildLaunch(host.command(List.of()).command(), List.of())),
              CLOCK,
              random));
    }
    return new TransportPair(
        Objects.requireNonNull(transports.get(near.name())),
        Objects.requireNonNull(transports.get(far.name())),
        List.of());
  }

  private static TransportPair relay(
      Host server, Host near, Host far, Identity alice, Identity bob, SecureRandom random)
      throws Exception {
    Hub hub =
        server.call(
            () ->
                Hub.start(
                    HubConfig.inMemory(new InetSocketAddress(server.address(), 0), CLOCK, random)));
    HubAddress address =
        new HubAddress(
            server.address().getHostAddress(), hub.address().getPort(), hub.fingerprint());
    Map<String, RelayTransport> transports = new ConcurrentHashMap<>();
    List<AutoCloseable> closing = new ArrayList<>();
    for (var node : Map.of(near, alice, far, bob).entrySet()) {
      Host host = node.getKey();
      Identity identity = node.getValue();
      RelayLogin login = RelayLogin.at(address, server, identity, random);
      closing.add(login);
      RelayAccess access = new RelayAccess(address, login.pass());
      transports.put(
          host.name(),
          new RelayTransport(
              identity,
              host.name(),
              () -> access,
              (peer, to, circuit) -> {
                RelayTransport invited = Objects.requireNonNull(transports.get(to));
                var _ =
                    far.call(
                        () -> {
                          var _ = invited.accept(circuit, LIMIT);
                          return to;
                        });
              },
              CLOCK,
              random));
    }
    closing.add(hub);
    return new TransportPair(
        Objects.requireNonNull(transports.get(near.name())),
        Objects.requireNonNull(transports.get(far.name())),
        closing);
  }

  @Override
  public void close() throws Exception {
    dialler.close();
    acceptor.close();
    for (AutoCloseable one : more) {
      one.close();
    }
  }
}
