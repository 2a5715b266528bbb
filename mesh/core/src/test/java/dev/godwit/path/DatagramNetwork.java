package dev.godwit.path;

import dev.godwit.stun.DiscoveryResponder;
import dev.godwit.stun.DiscoveryResponder.Ports;
import dev.godwit.stun.DiscoveryResponder.Source;
import dev.godwit.stun.MalformedStunException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Hosts that send each other datagrams, with NATs between them in the terms of RFC 4787. */
final class DatagramNetwork implements AutoCloseable {
  private final ExecutorService wire = Executors.newSingleThreadExecutor();
  private final Map<InetSocketAddress, Receiver> receivers = new HashMap<>();
  private int hosts;

  /** Whether the next datagram arrives. Wire thread only. */
  volatile Predicate<InetSocketAddress> arrives = to -> true;

  /** Hears every datagram that does not arrive. */
  volatile Eavesdropper listens = datagram -> {};

  /** Somebody on the way. */
  @FunctionalInterface
  interface Eavesdropper {
    void hears(ByteBuffer datagram) throws MalformedStunException;
  }

  /** What becomes of a datagram. */
  @FunctionalInterface
  interface Receiver {
    void received(ByteBuffer datagram, InetSocketAddress from);
  }

  /** On what a mapping, or a filter, depends. */
  enum Dependence {
    ENDPOINT_INDEPENDENT,
    ADDRESS_AND_PORT_DEPENDENT
  }

  private static InetSocketAddress address(int net, int host, int port) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {(byte) net, 0, 0, (byte) host}), port);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** A host that anybody can reach. */
  Host host() {
    Host host = new Host(address(100, ++hosts, 5000), null);
    receivers.put(host.address, host::receive);
    return host;
  }

  /** A host behind a NAT of its own, with hairpin. */
  Host host(Dependence mapping, Dependence filtering) {
    return host(mapping, filtering, true);
  }

  /** A host behind a NAT of its own. */
  Host host(Dependence mapping, Dependence filtering, boolean hairpin) {
    return new Host(address(10, ++hosts, 5000), new Nat(mapping, filtering, hairpin));
  }

  /** A host with a public address and a firewall. */
  Host fenced() {
    Host host = new Host(address(100, ++hosts, 5000), null);
    Set<InetSocketAddress> asked = new HashSet<>();
    host.sends = asked::add;
    receivers.put(
        host.address,
        (datagram, from) -> {
          if (asked.contains(from)) {
            host.receive(datagram, from);
          }
        });
    return host;
  }

  /** A STUN server on two ports of the same address. */
  List<InetSocketAddress> server(ChangePort change) {
    int number = ++hosts;
    List<InetSocketAddress> ports = List.of(address(100, number, 3478), address(100, number, 3479));
    for (InetSocketAddress asked : ports) {
      InetSocketAddress other = asked.equals(ports.get(0)) ? ports.get(1) : ports.get(0);
      Ports pair =
          new Ports(asked, change == ChangePort.SUPPORTED ? Optional.of(other) : Optional.empty());
      receivers.put(
          asked,
          (datagram, from) ->
              DiscoveryResponder.answer(datagram, from, pair)
                  .ifPresent(
                      answer ->
                          send(
                              ByteBuffer.wrap(answer.datagram()),
                              answer.source() == Source.OTHER_PORT ? other : asked,
                              from)));
    }
    return ports;
  }

  /** Whether a server answers from its other port. */
  enum ChangePort {
    SUPPORTED,
    REFUSED
  }

  private void send(ByteBuffer datagram, InetSocketAddress from, InetSocketAddress to) {
    if (arrives.test(to)) {
      Receiver receiver = receivers.get(to);
      if (receiver != null) {
        receiver.received(datagram, from);
      }
      return;
    }
    try {
      listens.hears(datagram);
    } catch (MalformedStunException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    wire.shutdownNow();
  }

  /** One socket. */
  final class Host {
    final InetSocketAddress address;
    final StunAgent agent = new StunAgent(this::send, new SecureRandom());
    private final @Nullable Nat nat;

    /** Hears where everything goes. Wire thread only. */
    private Consumer<InetSocketAddress> sends = to -> {};

    private Host(InetSocketAddress address, @Nullable Nat nat) {
      this.address = address;
      this.nat = nat;
    }

    void send(ByteBuffer datagram, InetSocketAddress to) {
      wire.execute(
          () -> {
            sends.accept(to);
            InetSocketAddress from = nat == null ? address : nat.out(this, to);
            DatagramNetwork.this.send(datagram, from, to);
          });
    }

    private void receive(ByteBuffer datagram, InetSocketAddress from) {
      ByteBuffer answer = agent.received(datagram, from);
      if (answer != null) {
        send(answer, from);
      }
    }
  }

  /** Wire thread only. */
  private final class Nat {
    private final Dependence mapping;
    private final Dependence filtering;
    private final Map<Object, InetSocketAddress> mappings = new HashMap<>();
    private final int number = ++hosts;
    private int ports = 40_000;

    private final boolean hairpin;

    Nat(Dependence mapping, Dependence filtering, boolean hairpin) {
      this.mapping = mapping;
      this.filtering = filtering;
      this.hairpin = hairpin;
    }

    private final Map<InetSocketAddress, Set<InetSocketAddress>> permitted = new HashMap<>();

    InetSocketAddress out(Host host, InetSocketAddress to) {
      Object key = mapping == Dependence.ENDPOINT_INDEPENDENT ? this : to;
      InetSocketAddress outside =
          mappings.computeIfAbsent(
              key,
              fresh -> {
                InetSocketAddress mapped = address(200, number, ports++);
                receivers.put(mapped, (datagram, from) -> in(host, mapped, datagram, from));
                return mapped;
              });
      permitted.computeIfAbsent(outside, none -> new HashSet<>()).add(to);
      return outside;
    }

    private void in(
        Host host, InetSocketAddress outside, ByteBuffer datagram, InetSocketAddress from) {
      if (!hairpin && from.getAddress().equals(outside.getAddress())) {
        return;
      }
      if (filtering == Dependence.ENDPOINT_INDEPENDENT
          || permitted.getOrDefault(outside, Set.of()).contains(from)) {
        host.receive(datagram, from);
      }
    }
  }
}
