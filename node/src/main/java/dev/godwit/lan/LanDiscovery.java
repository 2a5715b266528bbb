package dev.godwit.lan;

import dev.godwit.membership.MeshId;
import dev.godwit.path.Candidate;
import dev.godwit.seal.InstanceId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.jmdns.JmDNS;
import javax.jmdns.ServiceEvent;
import javax.jmdns.ServiceInfo;
import javax.jmdns.ServiceListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Announces this process by mDNS (RFC 6762, 6763) on every LAN that the machine is on, and hears
 * who else of its mesh is there. LANs that come and go are noticed within half a minute.
 * Thread-safe.
 */
public final class LanDiscovery implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LanDiscovery.class);

  /** More processes of one mesh in one LAN are not looked at, whoever claims to be there. */
  private static final int MAX_PEERS = 256;

  private static final int MAX_ADDRESSES = 4;
  private static final Duration LOOK_AROUND = Duration.ofSeconds(30);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  private final MeshId mesh;
  private final InstanceId instance;
  private final int quicPort;
  private final OptionalInt tlsPort;
  private final InstantSource clock;
  private final Thread thread;

  /** What is heard on which of our addresses from whom. */
  private final Map<Heard, LanPeer> peers = new ConcurrentHashMap<>();

  private final List<Consumer<LanPeer>> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean closed;

  private record Heard(LanAddress on, String name) {}

  /** Our voice on one LAN. */
  private record Voice(JmDNS mdns, ServiceInfo said, LocalDate day) {}

  private LanDiscovery(
      MeshId mesh, InstanceId instance, int quicPort, OptionalInt tlsPort, InstantSource clock) {
    this.mesh = mesh;
    this.instance = instance;
    this.quicPort = quicPort;
    this.tlsPort = tlsPort;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("lan-discovery").unstarted(this::run);
  }

  /**
   * Begins to announce and to listen; returns at once.
   *
   * @param instance of this process
   * @param quicPort UDP port on which it listens
   * @param tlsPort TCP port, if it listens there
   */
  public static LanDiscovery start(
      MeshId mesh, InstanceId instance, int quicPort, OptionalInt tlsPort, InstantSource clock) {
    LanDiscovery discovery = new LanDiscovery(mesh, instance, quicPort, tlsPort, clock);
    discovery.thread.start();
    return discovery;
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  private void run() {
    Map<LanAddress, Voice> voices = new HashMap<>();
    try {
      do {
        lookAround(voices);
      } while (pause());
    } catch (InterruptedException e) {
      LOG.debug("closed");
    } finally {
      closeAll(voices);
    }
  }

  private void lookAround(Map<LanAddress, Voice> voices) {
    Set<LanAddress> lans;
    try {
      lans = LanAddress.all();
    } catch (IOException e) {
      LOG.debug("the network interfaces cannot be listed", e);
      return;
    }
    voices
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !lans.contains(entry.getKey());
              if (gone) {
                leave(entry.getKey(), entry.getValue());
              }
              return gone;
            });
    LocalDate today = today();
    for (LanAddress lan : lans) {
      Voice voice = voices.get(lan);
      if (voice == null || !voice.day().equals(today)) {
        speak(lan, today, voice).ifPresent(fresh -> voices.put(lan, fresh));
      }
    }
  }

  private Optional<Voice> speak(LanAddress lan, LocalDate today, @Nullable Voice before) {
    Announcement said =
        new Announcement(instance, MeshTag.of(mesh, instance, today), quicPort, tlsPort);
    if (before != null) {
      before.said().setText(said.text());
      return Optional.of(new Voice(before.mdns(), before.said(), today));
    }
    @Nullable JmDNS mdns = null;
    try {
      // A name of our own: the machine's would tell strangers whose it is. The address has it, too,
      // or the library asks DNS for one, which takes seconds where there is no DNS.
      String host = "godwit-" + said.name();
      mdns = JmDNS.create(InetAddress.getByAddress(host, lan.own().getAddress()), host);
      ServiceInfo info =
          ServiceInfo.create(Announcement.TYPE, said.name(), quicPort, 0, 0, said.text());
      mdns.addServiceListener(Announcement.TYPE, new Ear(lan, mdns));
      mdns.registerService(info);
      return Optional.of(new Voice(mdns, info, today));
    } catch (IOException e) {
      LOG.debug("no mDNS on {}", lan, e);
      if (mdns != null) {
        close(mdns);
      }
      return Optional.empty();
    }
  }

  private void leave(LanAddress lan, Voice voice) {
    peers.keySet().removeIf(heard -> heard.on().equals(lan));
    close(voice.mdns());
  }

  private static void close(JmDNS mdns) {
    try {
      mdns.close();
    } catch (IOException e) {
      LOG.debug("mDNS does not close", e);
    }
  }

  /** Side by side: each says goodbye first, which takes a moment. */
  private static void closeAll(Map<LanAddress, Voice> voices) {
    List<Thread> closing = new ArrayList<>();
    for (Voice voice : voices.values()) {
      closing.add(Thread.ofVirtual().start(() -> close(voice.mdns())));
    }
    boolean interrupted = Thread.interrupted();
    for (Thread one : closing) {
      try {
        if (!one.join(CLOSE_PATIENCE.dividedBy(2))) {
          LOG.debug("mDNS takes too long to close");
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** False when it is over. */
  private boolean pause() throws InterruptedException {
    lock.lock();
    try {
      long left = LOOK_AROUND.toNanos();
      while (left > 0 && !closed) {
        left = changed.awaitNanos(left);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Hears what is said on one LAN. */
  private final class Ear implements ServiceListener {
    private final LanAddress lan;
    private final JmDNS mdns;

    Ear(LanAddress lan, JmDNS mdns) {
      this.lan = lan;
      this.mdns = mdns;
    }

    @Override
    public void serviceAdded(ServiceEvent event) {
      // The ports and addresses come with another question.
      mdns.requestServiceInfo(event.getType(), event.getName());
    }

    @Override
    public void serviceRemoved(ServiceEvent event) {
      peers.remove(new Heard(lan, event.getName()));
    }

    @Override
    public void serviceResolved(ServiceEvent event) {
      ServiceInfo info = event.getInfo();
      Announcement.parse(event.getName(), info.getPort(), info::getPropertyString)
          .filter(said -> !said.instance().equals(instance))
          .filter(said -> said.tag().fits(mesh, said.instance(), today()))
          .ifPresent(said -> heard(event.getName(), said, info.getInet4Addresses()));
    }

    private void heard(String name, Announcement said, InetAddress[] addresses) {
      List<InetAddress> near =
          Stream.of(addresses).filter(lan::reaches).distinct().limit(MAX_ADDRESSES).toList();
      if (near.isEmpty() || peers.size() >= MAX_PEERS) {
        LOG.debug("{} is not looked at", said);
        return;
      }
      LanPeer peer =
          new LanPeer(said.instance(), at(near, said.quicPort()), tls(near, said.tlsPort()));
      if (!peer.equals(peers.put(new Heard(lan, name), peer))) {
        listeners.forEach(listener -> listener.accept(peer));
      }
    }

    private static List<InetSocketAddress> tls(List<InetAddress> near, OptionalInt port) {
      return port.isPresent() ? at(near, port.getAsInt()) : List.of();
    }

    private static List<InetSocketAddress> at(List<InetAddress> addresses, int port) {
      return addresses.stream().map(address -> new InetSocketAddress(address, port)).toList();
    }
  }

  /** Who of our mesh is near now, as far as is known. */
  public List<LanPeer> peers() {
    return List.copyOf(peers.values());
  }

  /** Where any of them is reached by QUIC; which of them is whom, only dialling tells. */
  public List<Candidate> candidates() {
    return peers().stream()
        .flatMap(peer -> peer.quic().stream())
        .distinct()
        .map(address -> new Candidate(Candidate.Kind.HOST, address))
        .toList();
  }

  /** Calls {@code listener} with everybody who is heard of from now on; it must not block. */
  public void onPeer(Consumer<LanPeer> listener) {
    listeners.add(listener);
  }

  /** Says goodbye, and stops. Takes some seconds at most. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      if (!thread.join(CLOSE_PATIENCE)) {
        thread.interrupt();
        LOG.warn("mDNS takes too long to end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    peers.clear();
  }
}
