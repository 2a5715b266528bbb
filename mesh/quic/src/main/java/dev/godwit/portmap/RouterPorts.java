package dev.godwit.portmap;

import com.offbynull.portmapper.gateway.Bus;
import com.offbynull.portmapper.gateways.network.NetworkGateway;
import com.offbynull.portmapper.gateways.network.internalmessages.KillNetworkRequest;
import com.offbynull.portmapper.mapper.MappedPort;
import com.offbynull.portmapper.mapper.PortMapper;
import com.offbynull.portmapper.mapper.PortType;
import com.offbynull.portmapper.mappers.natpmp.NatPmpPortMapper;
import com.offbynull.portmapper.mappers.pcp.PcpPortMapper;
import com.offbynull.portmapper.mappers.upnpigd.UpnpIgdPortMapper;
import java.net.Inet4Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the library does (docs/decisions/012-port-mapping.md). It says every failure with a {@code
 * RuntimeException}, and gives a router that does not answer about four seconds; but when its own
 * thread dies, which an interface that disappears is enough for, it waits forever. Therefore
 * everything happens here within a limit, and after a failure this object is to be replaced. What
 * it is sent is bounded, too ({@link BoundedBus}). For one thread.
 */
final class RouterPorts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RouterPorts.class);
  private static final Duration END_PATIENCE = Duration.ofSeconds(2);

  /** For one step; looking for UPnP routers takes five seconds. */
  private static final Duration LIMIT = Duration.ofSeconds(12);

  /** Platform threads: their sockets belong to the network of who makes this object. */
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("port-mapping-step").daemon().factory());

  private final Bus network;
  private final End end;
  private final BoundedBus bus;

  /** Waits for the end of the library's threads. */
  @FunctionalInterface
  interface End {
    void await() throws InterruptedException;
  }

  RouterPorts() {
    NetworkGateway gateway = NetworkGateway.create();
    this(gateway.getBus(), gateway::join);
  }

  /**
   * Over a network that is not the machine's.
   *
   * @param end of the network, once it has been told to end
   */
  RouterPorts(Bus network, End end) {
    this.network = network;
    this.end = end;
    this.bus = new BoundedBus(network);
  }

  private <T> Optional<T> within(String what, Callable<T> step) throws InterruptedException {
    bus.nextStep();
    Future<T> done = executor.submit(step);
    try {
      return Optional.of(done.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      LOG.debug("not done: {}", what, e.getCause());
      return Optional.empty();
    } catch (TimeoutException e) {
      LOG.debug("not done in time: {}", what);
      return Optional.empty();
    } finally {
      done.cancel(true);
    }
  }

  /** A port that a router passes on. */
  record Mapped(PortMapper mapper, MappedPort port) {
    int outside() {
      return port.getExternalPort();
    }

    Duration lifetime() {
      return Duration.ofSeconds(port.getLifetime());
    }
  }

  /**
   * Looks for routers that speak a protocol; the first one that maps is the one to use. For PCP and
   * NAT-PMP that is the gateway, and nobody knows before it is asked whether it answers.
   */
  List<PortMapper> routers(MappingProtocol protocol, Optional<DefaultGateway> gateway)
      throws InterruptedException {
    return within("look for " + protocol, () -> find(protocol, gateway)).orElse(List.of());
  }

  private List<PortMapper> find(MappingProtocol protocol, Optional<DefaultGateway> gateway)
      throws InterruptedException {
    return switch (protocol) {
      case PCP ->
          gateway.<PortMapper>map(to -> new PcpPortMapper(bus, to.own(), to.address())).stream()
              .toList();
      case NAT_PMP ->
          gateway.<PortMapper>map(to -> new NatPmpPortMapper(bus, to.own(), to.address())).stream()
              .toList();
      case UPNP_IGD ->
          UpnpIgdPortMapper.identify(bus).stream()
              .filter(router -> router.getSourceAddress() instanceof Inet4Address)
              .<PortMapper>map(router -> router)
              .toList();
    };
  }

  /** Asks for a port, at best with the same number outside. Empty when it is not to be had. */
  Optional<Mapped> map(PortMapper router, PortType type, int port, Duration lifetime)
      throws InterruptedException {
    return within(
        router + " maps " + type + " " + port,
        () -> new Mapped(router, router.mapPort(type, port, port, lifetime.toSeconds())));
  }

  /** Asks for the same port for longer. Empty when that is refused. */
  Optional<Mapped> renew(Mapped mapped, Duration lifetime) throws InterruptedException {
    return within(
        mapped.mapper() + " renews " + mapped.port(),
        () ->
            new Mapped(
                mapped.mapper(), mapped.mapper().refreshPort(mapped.port(), lifetime.toSeconds())));
  }

  /** Gives a port back; when that fails, the router forgets it by itself in the end. */
  void unmap(Mapped mapped) throws InterruptedException {
    var _ =
        within(
            mapped.mapper() + " unmaps " + mapped.port(),
            () -> {
              mapped.mapper().unmapPort(mapped.port());
              return mapped;
            });
  }

  @Override
  public void close() {
    network.send(new KillNetworkRequest());
    var _ = executor.submit(this::awaitEnd);
    executor.shutdown();
    try {
      if (!executor.awaitTermination(END_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        executor.shutdownNow();
        LOG.warn("a thread that talks to routers does not end");
      }
    } catch (InterruptedException e) {
      executor.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private void awaitEnd() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
