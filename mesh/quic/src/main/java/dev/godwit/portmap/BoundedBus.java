package dev.godwit.portmap;

import com.offbynull.portmapper.gateway.Bus;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateTcpNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateUdpNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadClosedTcpNetworkNotification;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadTcpNetworkNotification;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadUdpNetworkNotification;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between the library and its sockets: the library keeps whatever it is sent until the sender
 * stops, and anybody in the local network can say that he is a router. Here an answer that is
 * longer than any router's has ended, and so has everything once all answers together are too much.
 * Thread-safe.
 */
final class BoundedBus implements Bus {
  private static final Logger LOG = LoggerFactory.getLogger(BoundedBus.class);

  /** Of one socket, bytes. The longest description of a router that we know of has 30 KiB. */
  static final int MOST = 256 << 10;

  /** Of all sockets in one step, bytes. */
  static final long MOST_TOGETHER = 4 << 20;

  private final Bus network;
  private final AtomicLong left = new AtomicLong(MOST_TOGETHER);

  /**
   * @param network where the sockets are
   */
  BoundedBus(Bus network) {
    this.network = network;
  }

  /** What comes from now on belongs to another step. */
  void nextStep() {
    left.set(MOST_TOGETHER);
  }

  @Override
  public void send(Object message) {
    switch (message) {
      case CreateTcpNetworkRequest tcp ->
          network.send(
              new CreateTcpNetworkRequest(
                  tcp.getId(),
                  new Incoming(tcp.getResponseBus()),
                  tcp.getSourceAddress(),
                  tcp.getDestinationAddress(),
                  tcp.getDestinationPort()));
      case CreateUdpNetworkRequest udp ->
          network.send(
              new CreateUdpNetworkRequest(
                  udp.getId(), new Incoming(udp.getResponseBus()), udp.getSourceAddress()));
      default -> network.send(message);
    }
  }

  /** What one socket has to say. */
  private final class Incoming implements Bus {
    private final Bus library;
    private final AtomicInteger room = new AtomicInteger(MOST);
    private final AtomicBoolean ended = new AtomicBoolean();

    Incoming(Bus library) {
      this.library = library;
    }

    @Override
    public void send(Object message) {
      switch (message) {
        case ReadTcpNetworkNotification tcp when !fits(tcp.getData().length) -> {
          LOG.debug("an answer over TCP is too long; what came is taken for all of it");
          if (ended.compareAndSet(false, true)) {
            library.send(new ReadClosedTcpNetworkNotification(tcp.getId()));
          }
        }
        case ReadUdpNetworkNotification udp when !fits(udp.getData().length) ->
            LOG.debug("too many answers over UDP; the rest is dropped");
        default -> library.send(message);
      }
    }

    private boolean fits(int bytes) {
      return room.addAndGet(-Math.min(bytes, room.get() + 1)) >= 0 && left.addAndGet(-bytes) >= 0;
    }
  }
}
