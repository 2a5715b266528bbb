package dev.godwit.node;

import dev.godwit.path.AddressText;
import dev.godwit.path.Candidate;
import dev.godwit.quic.QuicTransport;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.HubWelcome;
import dev.godwit.tls.TlsTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where this node may be reachable: the addresses of its machine, and how the hub's STUN sees its
 * socket. That is asked again all the time, so that NATs on the way keep their mapping and a new
 * one is noticed. Thread-safe.
 */
final class OwnCandidates implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnCandidates.class);

  /** Shorter than NATs forget a UDP mapping: 30 s on many, though RFC 4787 asks for 120. */
  private static final Duration REFRESH = Duration.ofSeconds(15);

  private static final Duration ANSWER = Duration.ofSeconds(2);

  /** How long {@link #list} waits for the first answer of STUN. */
  private static final Duration FIRST = Duration.ofMillis(500);

  private final Optional<QuicTransport> transport;
  private final TlsTransport tls;
  private final Surroundings surroundings;
  private final HubClient hub;
  private final Thread refreshing;
  private final CountDownLatch first = new CountDownLatch(1);
  private final Semaphore refreshNow = new Semaphore(0);
  private volatile List<InetSocketAddress> seen = List.of();

  private OwnCandidates(
      Optional<QuicTransport> transport,
      TlsTransport tls,
      Surroundings surroundings,
      HubClient hub) {
    this.transport = transport;
    this.tls = tls;
    this.surroundings = surroundings;
    this.hub = hub;
    this.refreshing = Thread.ofVirtual().name("stun-refresh").unstarted(this::keepFresh);
  }

  /** Begins to ask. */
  static OwnCandidates of(
      Optional<QuicTransport> transport,
      TlsTransport tls,
      Surroundings surroundings,
      HubClient hub) {
    OwnCandidates candidates = new OwnCandidates(transport, tls, surroundings, hub);
    candidates.refreshing.start();
    return candidates;
  }

  private void keepFresh() {
    CountDownLatch online = new CountDownLatch(1);
    hub.onState(
        state -> {
          if (state instanceof HubState.Online) {
            online.countDown();
          }
        });
    try {
      if (!(hub.state() instanceof HubState.Online)) {
        online.await();
      }
      while (!Thread.currentThread().isInterrupted()) {
        if (hub.state() instanceof HubState.Online(HubWelcome welcome)) {
          seen = ask(welcome);
          first.countDown();
        }
        boolean _ = refreshNow.tryAcquire(REFRESH.toMillis(), TimeUnit.MILLISECONDS);
        int _ = refreshNow.drainPermits();
      }
    } catch (InterruptedException e) {
      // Closed.
      Thread.currentThread().interrupt();
    }
  }

  private List<InetSocketAddress> ask(HubWelcome welcome) {
    Set<InetSocketAddress> answers = new LinkedHashSet<>();
    if (transport.isEmpty()) {
      return List.of();
    }
    QuicTransport quic = transport.get();
    List<InetAddress> servers = servers(quic);
    for (int port : welcome.stunPorts()) {
      for (InetAddress server : servers) {
        try {
          answers.add(quic.reflexive(new InetSocketAddress(server, port), ANSWER));
        } catch (IOException e) {
          LOG.debug("no answer of the hub's STUN", e);
        }
      }
    }
    return List.copyOf(answers);
  }

  /** The hub's addresses, one of each family in which this machine reaches others. */
  private List<InetAddress> servers(QuicTransport quic) {
    Set<Class<?>> families = new HashSet<>();
    for (String own : quic.addresses()) {
      InetAddress address = AddressText.parse(own).getAddress();
      if (!address.isLoopbackAddress()) {
        families.add(address.getClass());
      }
    }
    List<InetAddress> servers = new ArrayList<>();
    try {
      for (InetAddress server : InetAddress.getAllByName(hub.hub().host())) {
        if (families.remove(server.getClass())) {
          servers.add(server);
        }
      }
    } catch (UnknownHostException e) {
      LOG.debug("the hub's name is not known now", e);
    }
    return servers;
  }

  /** The network has changed: what is known may be wrong. */
  void refresh() {
    refreshNow.release();
  }

  /**
   * Addresses at which this node may accept TLS: those of its machine, and the one that the hub
   * sees, in case that somebody forwards the port.
   */
  List<String> tcp() {
    Set<String> all = new LinkedHashSet<>(tls.addresses());
    all.addAll(surroundings.tcp());
    if (hub.state() instanceof HubState.Online(HubWelcome welcome)
        && !welcome.observed().getAddress().isLoopbackAddress()) {
      all.add(
          AddressText.format(
              new InetSocketAddress(welcome.observed().getAddress(), tls.boundTo().getPort())));
    }
    return List.copyOf(all);
  }

  /** What is known now. Waits a moment when nothing is known yet. */
  List<Candidate> list() {
    if (transport.isEmpty()) {
      return List.of();
    }
    try {
      if (!first.await(FIRST.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.debug("how the hub sees this node is not known yet");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List<Candidate> all = new ArrayList<>();
    Set<InetSocketAddress> own = new LinkedHashSet<>();
    for (String address : transport.map(QuicTransport::addresses).orElse(List.of())) {
      InetSocketAddress host = AddressText.parse(address);
      own.add(host);
      all.add(new Candidate(Candidate.Kind.HOST, host));
    }
    for (InetSocketAddress address : seen) {
      // A hub on this machine sees the loopback interface, which is of no use elsewhere.
      if (!own.contains(address) && !address.getAddress().isLoopbackAddress()) {
        all.add(new Candidate(Candidate.Kind.REFLEXIVE, address));
      }
    }
    all.addAll(surroundings.candidates());
    return all;
  }

  @Override
  public void close() {
    refreshing.interrupt();
  }
}
