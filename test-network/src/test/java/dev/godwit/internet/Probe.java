package dev.godwit.internet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A UDP socket in a host that tells what arrives. */
final class Probe implements AutoCloseable {
  /** Long enough for anything that is on its way. */
  private static final int PATIENCE_MILLIS = Math.toIntExact(Patience.seconds(10).toMillis());

  private final Host host;
  private final DatagramSocket socket;

  Probe(Host host) throws IOException {
    this(host, 0);
  }

  Probe(Host host, int port) throws IOException {
    this.host = host;
    this.socket =
        host.call(
            () ->
                new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), port)));
    socket.setSoTimeout(PATIENCE_MILLIS);
  }

  /** Where a host without translator is reached. */
  InetSocketAddress endpoint() {
    return new InetSocketAddress(host.address(), socket.getLocalPort());
  }

  void send(String text, InetSocketAddress to) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    socket.send(new DatagramPacket(bytes, bytes.length, to));
  }

  /** Where {@code other}, which is public, sees this one. */
  InetSocketAddress seenBy(Probe other) throws IOException {
    send("who am I", other.endpoint());
    return other.expect("who am I");
  }

  private DatagramPacket next() throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    try {
      socket.receive(packet);
    } catch (SocketTimeoutException e) {
      throw new IOException("nothing arrives at " + host, e);
    }
    return packet;
  }

  private static String text(DatagramPacket packet) {
    return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
  }

  /** What arrives next. */
  String receive() throws IOException {
    return text(next());
  }

  /**
   * Expects this and nothing else before it.
   *
   * @return where it comes from
   */
  InetSocketAddress expect(String text) throws IOException {
    DatagramPacket packet = next();
    assertEquals(
        text, text(packet), () -> "arrived at " + host + " from " + packet.getSocketAddress());
    return (InetSocketAddress) packet.getSocketAddress();
  }

  @Override
  public void close() {
    socket.close();
  }
}
