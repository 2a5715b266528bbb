package dev.godwit.portmap;

import com.offbynull.portmapper.mapper.PortMapper;
import com.offbynull.portmapper.mapper.PortType;
import dev.godwit.path.Candidate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the ports of this node open at the router in front of it, if there is a router that does
 * such things: asks by PCP, NAT-PMP and UPnP until one of them works, asks again at half of the
 * lifetime that was granted, and gives the ports back when it is closed. Where no router answers it
 * stays quiet and tries again from time to time, since the machine may move. Thread-safe.
 *
 * <p>What the router says is a hint: anybody in the LAN may have said it. Who is at an address is
 * proven on the connection.
 */
public final class PortMapping implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PortMapping.class);

  /** Longer than giving back two ports takes. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(10);

  private final int udpPort;
  private final OptionalInt tcpPort;
  private final Settings settings;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Mapping current;
  private int attempts;
  private boolean closed;

  /**
   * How it is done.
   *
   * @param lifetime how long the router shall keep a port when nobody asks again
   * @param retry the pause before the next try where no router answers
   * @param protocols those that are tried
   */
  public record Settings(Duration lifetime, Duration retry, Set<MappingProtocol> protocols) {
    /** One hour, ten minutes, and all protocols. */
    public static final Settings STANDARD =
        new Settings(Duration.ofHours(1), Duration.ofMinutes(10), Set.of(MappingProtocol.values()));

    /** Copies the set. */
    public Settings {
      if (lifetime.toSeconds() <= 0 || !retry.isPositive()) {
        throw new IllegalArgumentException("the times must be positive");
      }
      protocols = Set.copyOf(protocols);
    }
  }

  /**
   * What a router passes on.
   *
   * @param protocol by which it was asked
   * @param udp where the UDP port is reached from outside
   * @param tcp where the TCP port is; empty when none was wanted, or the router refused
   * @param lifetime the shorter one of what was granted
   */
  public record Mapping(
      MappingProtocol protocol,
      InetSocketAddress udp,
      Optional<InetSocketAddress> tcp,
      Duration lifetime) {}

  /** What the router knows of: the ports of a {@link Mapping}. */
  private record Held(
      MappingProtocol protocol, RouterPorts.Mapped udp, Optional<RouterPorts.Mapped> tcp) {}

  private PortMapping(int udpPort, OptionalInt tcpPort, Settings settings) {
    this.udpPort = udpPort;
    this.tcpPort = tcpPort;
    this.settings = settings;
    // Its sockets belong to the network of the thread that started it; a virtual one has none.
    this.thread = Thread.ofPlatform().name("port-mapping").daemon().unstarted(this::run);
  }

  /**
   * Begins to ask; returns at once.
   *
   * @param udpPort on which this node listens on all its addresses
   * @param tcpPort likewise, if it does
   */
  public static PortMapping start(int udpPort, OptionalInt tcpPort, Settings settings) {
    PortMapping mapping = new PortMapping(udpPort, tcpPort, settings);
    mapping.thread.start();
    return mapping;
  }

  private void run() {
    try {
      while (!isClosed()) {
        // Where nobody answers, nothing of the library is left in between.
        try (RouterPorts ports = new RouterPorts()) {
          hold(ports);
        }
        pause(settings.retry());
      }
    } catch (InterruptedException e) {
      LOG.debug("closed while asking");
    }
  }

  /** Returns when nothing is mapped any more. */
  private void hold(RouterPorts ports) throws InterruptedException {
    @Nullable Held held = null;
    try {
      held = ask(ports);
      publish(held);
      while (held != null) {
        pause(half(held));
        if (isClosed()) {
          // To renew now would race with giving back.
          return;
        }
        held = renew(ports, held);
        publish(held);
      }
    } finally {
      if (held != null) {
        giveBack(ports, held);
      }
    }
  }

  private static Duration half(Held held) {
    Duration half = lifetime(held).dividedBy(2);
    return half.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : half;
  }

  private static Duration lifetime(Held held) {
    Duration udp = held.udp().lifetime();
    Duration tcp = held.tcp().map(RouterPorts.Mapped::lifetime).orElse(udp);
    return udp.compareTo(tcp) < 0 ? udp : tcp;
  }

  private @Nullable Held ask(RouterPorts ports) throws InterruptedException {
    Optional<DefaultGateway> gateway = gateway();
    for (MappingProtocol protocol : MappingProtocol.values()) {
      if (settings.protocols().contains(protocol)) {
        for (PortMapper router : ports.routers(protocol, gateway)) {
          @Nullable Held held = ask(ports, protocol, router);
          if (held != null) {
            LOG.debug("mapped by {}: {}", protocol, held);
            return held;
          }
        }
      }
    }
    return null;
  }

  private static Optional<DefaultGateway> gateway() {
    try {
      return DefaultGateway.find();
    } catch (IOException e) {
      LOG.debug("the gateway cannot be found", e);
      return Optional.empty();
    }
  }

  private @Nullable Held ask(RouterPorts ports, MappingProtocol protocol, PortMapper router)
      throws InterruptedException {
    Optional<RouterPorts.Mapped> udp =
        ports.map(router, PortType.UDP, udpPort, settings.lifetime());
    if (udp.isEmpty()) {
      return null;
    }
    try {
      Optional<RouterPorts.Mapped> tcp =
          tcpPort.isPresent()
              ? ports.map(router, PortType.TCP, tcpPort.getAsInt(), settings.lifetime())
              : Optional.empty();
      return new Held(protocol, udp.get(), tcp);
    } catch (InterruptedException e) {
      giveBack(ports, new Held(protocol, udp.get(), Optional.empty()));
      throw e;
    }
  }

  /** Both ports for longer; when that fails, everything anew. */
  private @Nullable Held renew(RouterPorts ports, Held held) throws InterruptedException {
    Optional<RouterPorts.Mapped> udp = ports.renew(held.udp(), settings.lifetime());
    if (udp.isEmpty()) {
      return ask(ports);
    }
    Optional<RouterPorts.Mapped> tcp = Optional.empty();
    if (held.tcp().isPresent()) {
      tcp = ports.renew(held.tcp().get(), settings.lifetime());
    }
    return new Held(held.protocol(), udp.get(), tcp);
  }

  private static void giveBack(RouterPorts ports, Held held) {
    // An interruption asks for the end, and this is part of it.
    boolean interrupted = Thread.interrupted();
    try {
      ports.unmap(held.udp());
      if (held.tcp().isPresent()) {
        ports.unmap(held.tcp().get());
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void publish(@Nullable Held held) {
    Mapping mapping = held == null ? null : mapping(held);
    lock.lock();
    try {
      current = mapping;
      attempts++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static Mapping mapping(Held held) {
    InetAddress outside = held.udp().port().getExternalAddress();
    return new Mapping(
        held.protocol(),
        new InetSocketAddress(outside, held.udp().outside()),
        held.tcp().map(tcp -> new InetSocketAddress(outside, tcp.outside())),
        lifetime(held));
  }

  private void pause(Duration pause) throws InterruptedException {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !closed) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** What the router passes on now. */
  public Optional<Mapping> current() {
    lock.lock();
    try {
      return Optional.ofNullable(current);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Where this node is reached by UDP thanks to the router, for its peers to try. Empty when there
   * is no such address, or one that nobody outside could use.
   */
  public List<Candidate> candidates() {
    return current()
        .map(Mapping::udp)
        .filter(address -> isGlobal(address.getAddress()) && address.getPort() != 0)
        .map(address -> new Candidate(Candidate.Kind.REFLEXIVE, address))
        .stream()
        .toList();
  }

  /** A router that is behind another one tells an address of the network between the two. */
  static boolean isGlobal(InetAddress address) {
    byte[] bytes = address.getAddress();
    boolean shared = bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xC0) == 0x40;
    return !shared
        && !address.isAnyLocalAddress()
        && !address.isLoopbackAddress()
        && !address.isLinkLocalAddress()
        && !address.isSiteLocalAddress()
        && !address.isMulticastAddress();
  }

  /**
   * Waits until the routers have been asked once.
   *
   * @return what is mapped then; empty also when it takes longer than {@code patience}
   */
  public Optional<Mapping> await(Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      while (attempts == 0 && !closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      return Optional.ofNullable(current);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives the ports back. Takes a second as a rule; gives up after ten, and leaves it to the router
   * then to forget them at the end of their lifetime.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        // Whoever sees that this is closed has been interrupted before: giving back is not.
        thread.interrupt();
      }
      closed = true;
      current = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      if (!thread.join(CLOSE_PATIENCE)) {
        LOG.warn("the router takes too long to give back the ports");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
