package dev.godwit.portmap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.offbynull.portmapper.gateway.Bus;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateTcpNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateTcpNetworkResponse;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateUdpNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.CreateUdpNetworkResponse;
import com.offbynull.portmapper.gateways.network.internalmessages.GetLocalIpAddressesNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.GetLocalIpAddressesNetworkResponse;
import com.offbynull.portmapper.gateways.network.internalmessages.GetNextIdNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.GetNextIdNetworkResponse;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadTcpNetworkNotification;
import com.offbynull.portmapper.gateways.network.internalmessages.ReadUdpNetworkNotification;
import com.offbynull.portmapper.gateways.network.internalmessages.WriteTcpNetworkRequest;
import com.offbynull.portmapper.gateways.network.internalmessages.WriteUdpNetworkRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RouterPortsTest {
  private static final InetAddress HERE = InetAddress.ofLiteral("192.168.7.2");
  private static final InetSocketAddress ROUTER = new InetSocketAddress("192.168.7.1", 1900);
  private static final int PIECE = 1 << 16;

  /** 64 MiB together. */
  private static final int PIECES = 1024;

  private final Map<Integer, Bus> sockets = new HashMap<>();
  private final AtomicInteger ids = new AtomicInteger();
  private volatile boolean described;
  private volatile long kept;

  private void answer(Object message) {
    switch (message) {
      case GetLocalIpAddressesNetworkRequest request ->
          request.getResponseBus().send(new GetLocalIpAddressesNetworkResponse(Set.of(HERE)));
      case GetNextIdNetworkRequest request ->
          request.getResponseBus().send(new GetNextIdNetworkResponse(ids.incrementAndGet()));
      case CreateUdpNetworkRequest udp -> {
        sockets.put(udp.getId(), udp.getResponseBus());
        udp.getResponseBus().send(new CreateUdpNetworkResponse(udp.getId()));
      }
      case WriteUdpNetworkRequest write ->
          socket(write.getId())
              .send(
                  new ReadUdpNetworkNotification(
                      write.getId(), new InetSocketAddress(HERE, 1), ROUTER, found()));
      case CreateTcpNetworkRequest tcp -> {
        sockets.put(tcp.getId(), tcp.getResponseBus());
        tcp.getResponseBus().send(new CreateTcpNetworkResponse(tcp.getId()));
      }
      case WriteTcpNetworkRequest write -> describe(write.getId());
      default -> {}
    }
  }

  private Bus socket(int id) {
    return Objects.requireNonNull(sockets.get(id));
  }

  private static byte[] found() {
    return """
        HTTP/1.1 200 OK\r
        CACHE-CONTROL: max-age=120\r
        ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r
        USN: uuid:1::urn:schemas-upnp-org:device:InternetGatewayDevice:1\r
        EXT:\r
        SERVER: endless\r
        LOCATION: http://192.168.7.1:5000/root.xml\r
        \r
        """
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The library copies what it reads, so that only the heap shows what it keeps. */
  private void describe(int id) {
    if (described) {
      return;
    }
    described = true;
    long before = used();
    for (int i = 0; i < PIECES; i++) {
      socket(id).send(new ReadTcpNetworkNotification(id, new byte[PIECE]));
    }
    kept = used() - before;
  }

  private static long used() {
    System.gc();
    Runtime here = Runtime.getRuntime();
    return here.totalMemory() - here.freeMemory();
  }

  @Test
  void aDescriptionWithoutEndIsNotKept() throws Exception {
    try (ExecutorService network =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory())) {
      Bus bus = message -> network.execute(() -> answer(message));
      try (RouterPorts ports = new RouterPorts(bus, () -> {})) {
        assertEquals(List.of(), ports.routers(MappingProtocol.UPNP_IGD, Optional.empty()));
      }
    }
    assertTrue(described, "its description was asked for");
    assertTrue(kept < (long) PIECES * PIECE / 4, kept + " bytes are kept");
  }
}
