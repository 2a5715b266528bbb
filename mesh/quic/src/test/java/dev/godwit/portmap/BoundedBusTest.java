package dev.godwit.portmap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.offbynull.portmapper.gateway.Bus;
import com.offbynull.portmapper.gateways.network.NetworkGateway;
import com.offbynull.portmapper.gateways.network.internalmessages.CloseNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateTcpNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateUdpNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.KillNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadClosedTcpNetworkNotification;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadTcpNetworkNotification;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadUdpNetworkNotification;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BoundedBusTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final InetSocketAddress ROUTER = new InetSocketAddress(HERE, 1900);

  private final List<Object> asked = new ArrayList<>();
  private final List<Object> heard = new ArrayList<>();
  private final BoundedBus bus = new BoundedBus(asked::add);

  private Bus tcp(int id) {
    bus.send(new CreateTcpNetworkRequest(id, heard::add, HERE, HERE, 80));
    return assertInstanceOf(CreateTcpNetworkRequest.class, asked.getLast()).getResponseBus();
  }

  private Bus udp(int id) {
    bus.send(new CreateUdpNetworkRequest(id, heard::add, HERE));
    return assertInstanceOf(CreateUdpNetworkRequest.class, asked.getLast()).getResponseBus();
  }

  private static ReadUdpNetworkNotification datagram(int bytes) {
    return new ReadUdpNetworkNotification(1, ROUTER, ROUTER, new byte[bytes]);
  }

  private long bytesHeard() {
    long bytes = 0;
    for (Object each : heard) {
      switch (each) {
        case ReadTcpNetworkNotification read -> bytes += read.getData().length;
        case ReadUdpNetworkNotification read -> bytes += read.getData().length;
        default -> {}
      }
    }
    return bytes;
  }

  @Test
  void whatRoutersSayIsPassedOn() {
    Bus socket = tcp(1);
    var read = new ReadTcpNetworkNotification(1, new byte[BoundedBus.MOST]);
    var end = new ReadClosedTcpNetworkNotification(1);
    socket.send(read);
    socket.send(end);
    assertEquals(List.of(read, end), heard);
  }

  @Test
  void whatIsAskedIsPassedOn() {
    var request = new CloseNetworkRequest(1);
    bus.send(request);
    assertEquals(List.of(request), asked);
  }

  @Test
  void anAnswerThatIsTooLongHasEnded() {
    Bus socket = tcp(1);
    for (int i = 0; i < 100; i++) {
      socket.send(new ReadTcpNetworkNotification(1, new byte[BoundedBus.MOST / 4 + 1]));
    }
    assertEquals(3 * (BoundedBus.MOST / 4 + 1), bytesHeard());
    assertInstanceOf(ReadClosedTcpNetworkNotification.class, heard.get(3));
    assertEquals(4, heard.size());
  }

  @Test
  void datagramsWithoutEndAreDropped() {
    Bus socket = udp(1);
    for (int i = 0; i < 10_000; i++) {
      socket.send(datagram(1000));
    }
    assertTrue(bytesHeard() <= BoundedBus.MOST);
    assertEquals(BoundedBus.MOST / 1000, heard.size());
  }

  private void fill() {
    for (int i = 0; i < 100; i++) {
      udp(i).send(datagram(BoundedBus.MOST));
    }
  }

  @Test
  void allSocketsTogetherHaveABound() {
    fill();
    assertEquals(BoundedBus.MOST_TOGETHER, bytesHeard());
  }

  @Test
  void theNextStepBeginsWithNothing() {
    fill();
    bus.nextStep();
    udp(1).send(datagram(1000));
    assertEquals(BoundedBus.MOST_TOGETHER + 1000, bytesHeard());
  }

  @Test
  void aRouterThatNeverEndsIsCutShort() throws Exception {
    LinkedBlockingQueue<Object> library = new LinkedBlockingQueue<>();
    NetworkGateway gateway = NetworkGateway.create();
    try (ServerSocket router = new ServerSocket(0, 1, HERE)) {
      Thread endless = Thread.ofPlatform().daemon().start(() -> answer(router));
      new BoundedBus(gateway.getBus())
          .send(new CreateTcpNetworkRequest(1, library::add, HERE, HERE, router.getLocalPort()));
      long bytes = 0;
      while (true) {
        Object next = Objects.requireNonNull(library.poll(30, TimeUnit.SECONDS));
        if (next instanceof ReadClosedTcpNetworkNotification) {
          break;
        }
        if (next instanceof ReadTcpNetworkNotification read) {
          bytes += read.getData().length;
        }
      }
      assertTrue(bytes > 0 && bytes <= BoundedBus.MOST, bytes + " bytes");
      gateway.getBus().send(new KillNetworkRequest());
      router.close();
      endless.join(30_000);
    }
  }

  private static void answer(ServerSocket router) {
    try (Socket client = router.accept();
        OutputStream out = client.getOutputStream()) {
      while (true) {
        out.write(new byte[1 << 16]);
      }
    } catch (IOException e) {
      // The client has had enough.
    }
  }
}
