package dev.godwit.webrtc;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Transports on hosts of a virtual internet, which tell each other their signals in memory. */
public final class WebRtcWorld implements AutoCloseable {
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Receiver> receivers = new ConcurrentHashMap<>();
  private final List<WebRtcTransport> transports = new ArrayList<>();
  private final Internet internet;

  /** Takes the signals for one address. */
  @FunctionalInterface
  public interface Receiver {
    /** Takes one. */
    void received(NodeId from, String replyTo, byte[] message);
  }

  /** An internet without hosts. */
  public WebRtcWorld() throws IOException {
    this.internet = Internet.create();
  }

  /** Where hosts come from. */
  public Internet internet() {
    return internet;
  }

  /** A transport whose address is the host's name. */
  public WebRtcTransport transport(Identity identity, Host host, WebRtcSettings settings)
      throws IOException {
    String address = host.name();
    ChildLaunch inHost = new ChildLaunch(host.command(List.of()).command(), List.of(mark(host)));
    WebRtcTransport transport =
        new WebRtcTransport(
            identity,
            address,
            (peer, to, message) -> signal(identity.id(), address, to, message),
            settings.with(inHost),
            InstantSource.system(),
            random);
    receivers.put(address, transport::received);
    transports.add(transport);
    return transport;
  }

  private static String mark(Host host) {
    return "-Dgodwit.host=" + host.namespace();
  }

  /** The WebRTC process of the transport on this host. */
  public static ProcessHandle process(Host host) {
    return ProcessHandle.current()
        .children()
        .filter(
            child ->
                Stream.of(child.info().arguments().orElse(new String[0]))
                    .anyMatch(mark(host)::equals))
        .findFirst()
        .orElseThrow();
  }

  /** Has signals for an address taken by somebody else. */
  public void receiver(String address, Receiver receiver) {
    receivers.put(address, receiver);
  }

  /** Delivers a signal. */
  public void signal(NodeId from, String replyTo, String to, byte[] message) throws IOException {
    Receiver receiver = receivers.get(to);
    if (receiver == null) {
      throw new IOException("nobody has the address " + to);
    }
    receiver.received(from, replyTo, message);
  }

  @Override
  public void close() throws IOException {
    try {
      transports.forEach(WebRtcTransport::close);
    } finally {
      internet.close();
    }
  }
}
