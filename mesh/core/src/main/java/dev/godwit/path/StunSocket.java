package dev.godwit.path;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A UDP socket on a free port that is there for nothing but STUN. Thread-safe. */
public final class StunSocket implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StunSocket.class);
  private static final int MAX_BYTES = 2048;

  private final DatagramSocket socket;
  private final StunAgent agent;
  private final Set<InetSocketAddress> addresses;

  private StunSocket(DatagramSocket socket, SecureRandom random, Set<InetSocketAddress> addresses) {
    this.socket = socket;
    this.agent = new StunAgent(this::send, random);
    this.addresses = addresses;
  }

  /** Opens one on all addresses of the machine. */
  public static StunSocket open(SecureRandom random) throws IOException {
    DatagramSocket socket = new DatagramSocket();
    try {
      Set<InetSocketAddress> addresses =
          NetworkInterface.networkInterfaces()
              .flatMap(NetworkInterface::inetAddresses)
              .map(StunSocket::withoutScope)
              .map(address -> new InetSocketAddress(address, socket.getLocalPort()))
              .collect(Collectors.toUnmodifiableSet());
      StunSocket opened = new StunSocket(socket, random, addresses);
      Thread.ofVirtual().name("stun-socket").start(opened::receive);
      return opened;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** Servers tell an address without the interface that it belongs to. */
  private static InetAddress withoutScope(InetAddress address) {
    try {
      return InetAddress.getByAddress(address.getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has an odd length: " + address, e);
    }
  }

  private void send(ByteBuffer datagram, InetSocketAddress to) {
    byte[] bytes = new byte[datagram.remaining()];
    datagram.get(bytes);
    try {
      socket.send(new DatagramPacket(bytes, bytes.length, to));
    } catch (IOException e) {
      // As good as lost on the way; the request is repeated.
      LOG.debug("a datagram to {} was not sent", to, e);
    }
  }

  private void receive() {
    DatagramPacket packet = new DatagramPacket(new byte[MAX_BYTES], MAX_BYTES);
    while (!socket.isClosed()) {
      try {
        packet.setLength(MAX_BYTES);
        socket.receive(packet);
      } catch (IOException e) {
        // Closed, or an ICMP error for something that was sent.
        LOG.debug("nothing was received", e);
        continue;
      }
      SocketAddress from = packet.getSocketAddress();
      @Nullable ByteBuffer answer =
          agent.received(
              ByteBuffer.wrap(packet.getData(), 0, packet.getLength()), (InetSocketAddress) from);
      if (answer != null) {
        send(answer, (InetSocketAddress) from);
      }
    }
  }

  /** What can be asked over the socket. */
  public StunAgent agent() {
    return agent;
  }

  /** The addresses of the machine when it was opened, with its port. */
  public Set<InetSocketAddress> addresses() {
    return addresses;
  }

  @Override
  public void close() {
    socket.close();
  }
}
