package dev.godwit.webrtc;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.stream.AcceptedConnections;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.Transport;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections over WebRTC: ICE finds a way through nearly every network, if need be through a TURN
 * server, and browsers speak it. An address is the name of a process that signals can be sent to.
 *
 * <p>The native library lives in a process of its own, which is started for the first connection.
 * When it crashes, its connections are lost with a reason, and the next one starts another.
 *
 * <p>DTLS proves a certificate whose fingerprint the peer's identity has signed for this very
 * attempt, so no certificate of another node, or of another attempt, is taken for it.
 */
public final class WebRtcTransport implements Transport {
  /** Most bytes of a message that is handed to {@link WebRtcSignals}. */
  public static final int MAX_SIGNAL = Signal.MAX_BYTES;

  private static final Logger LOG = LoggerFactory.getLogger(WebRtcTransport.class);
  private static final Duration CERTIFICATE_LIFETIME = Duration.ofDays(30);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration CLOSE = Duration.ofSeconds(2);

  /** How many offers may be under way, of one peer and of all. */
  private static final int OFFERS_OF_PEER = 4;

  private static final int OFFERS = 32;

  private final Identity identity;
  private final String address;
  private final WebRtcSignals signals;
  private final WebRtcSettings settings;
  private final InstantSource clock;
  private final SecureRandom random;
  private final WebRtcByteStream.Pools pools = new WebRtcByteStream.Pools();

  /** For what never blocks. After the end nothing is due any more. */
  private final ScheduledExecutorService timer =
      new ScheduledThreadPoolExecutor(
          1,
          Thread.ofPlatform().name("webrtc-timer").daemon().factory(),
          new ThreadPoolExecutor.DiscardPolicy());

  private final Map<Negotiation.Key, Negotiation> negotiations = new ConcurrentHashMap<>();
  private final Set<WebRtcConnection> connections = ConcurrentHashMap.newKeySet();
  private final Node node = new Node();
  private final AcceptedConnections incoming = new AcceptedConnections("webrtc-accept");
  private final ReentrantLock starting = new ReentrantLock();
  private final List<ChildProcess> worn = new ArrayList<>();
  private @Nullable ChildProcess child;
  private volatile boolean closed;

  /**
   * A transport without any connection, nor process.
   *
   * @param address what {@link #addresses} tells: the name of this process, for {@code signals}
   * @param signals takes messages to other nodes; {@link #received} is for theirs
   */
  public WebRtcTransport(
      Identity identity,
      String address,
      WebRtcSignals signals,
      WebRtcSettings settings,
      InstantSource clock,
      SecureRandom random) {
    this.identity = identity;
    this.address = address;
    this.signals = signals;
    this.settings = settings;
    this.random = random;
    this.clock = clock;
  }

  @Override
  public String name() {
    return "webrtc";
  }

  @Override
  public List<String> addresses() {
    return List.of(address);
  }

  /**
   * A message from another node's {@link WebRtcSignals}. Does not block. What makes no sense is
   * ignored, and more offers than can be under way are refused.
   *
   * @param from who sent it, which must be known for certain
   * @param replyTo the address of the sending process
   */
  public void received(NodeId from, String replyTo, byte[] message) {
    Signal signal;
    try {
      signal = Signal.parse(message);
    } catch (SignalException e) {
      LOG.debug("{} says what makes no sense: {}", from.shortForm(), e.getMessage());
      return;
    }
    Negotiation.Key key = new Negotiation.Key(from, signal.connection());
    Negotiation known = negotiations.get(key);
    if (known != null) {
      known.received(signal);
    } else if (signal instanceof Signal.Offer offer && !closed) {
      answer(key, replyTo, offer.description());
    }
  }

  private void answer(Negotiation.Key key, String replyTo, Signal.Description offer) {
    Negotiation negotiation;
    try {
      checkRoom(key.peer());
      negotiation = Negotiation.answering(node, identity.id(), key, replyTo, offer);
    } catch (SignalException e) {
      String reason = String.valueOf(e.getMessage());
      LOG.debug("an offer of {} is refused: {}", key.peer().shortForm(), reason);
      Thread.ofVirtual().name("webrtc-refuse").start(() -> refuse(key, replyTo, reason));
      return;
    }
    negotiations.put(key, negotiation);
    var _ = negotiation.result().thenAccept(incoming::hand);
    giveUpLater(negotiation, ANSWER);
    Thread.ofVirtual().name("webrtc-answer").start(negotiation::begin);
  }

  private void checkRoom(NodeId peer) throws SignalException {
    int all = 0;
    int ofPeer = 0;
    for (Negotiation one : negotiations.values()) {
      if (one.isAnswering() && !one.result().isDone()) {
        all++;
        ofPeer += one.key().peer().equals(peer) ? 1 : 0;
      }
    }
    if (all >= OFFERS || ofPeer >= OFFERS_OF_PEER) {
      throw new SignalException("too many offers at once");
    }
  }

  private void refuse(Negotiation.Key key, String replyTo, String reason) {
    try {
      node.send(key.peer(), replyTo, new Signal.Refused(key.connection(), reason));
    } catch (IOException e) {
      LOG.debug("a refusal cannot be sent", e);
    }
  }

  private void giveUpLater(Negotiation negotiation, Duration patience) {
    var _ =
        timer.schedule(
            () -> {
              if (!negotiation.result().isDone()) {
                negotiation.lost("no connection within " + patience.toMillis() + " ms");
              }
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  public void listen(Consumer<Connection> listener) {
    incoming.listen(listener);
  }

  @Override
  public Connection dial(NodeId peer, List<String> addresses, Duration timeout) throws IOException {
    if (addresses.isEmpty()) {
      throw new IOException("no address of " + peer.shortForm() + " is known");
    }
    if (closed) {
      throw new IOException("this transport is closed");
    }
    CompletableFuture<Connection> first = new CompletableFuture<>();
    Attempts attempts = new Attempts(addresses.size(), first);
    List<Negotiation> negotiations =
        addresses.stream().map(each -> offer(peer, each, first, attempts)).toList();
    try {
      return first.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(
          peer.shortForm()
              + " cannot be reached: "
              + Objects.requireNonNullElse(e.getCause(), e).getMessage(),
          e);
    } catch (TimeoutException e) {
      first.cancel(false);
      throw new IOException(
          peer.shortForm()
              + " cannot be reached: no connection to "
              + String.join(", ", addresses)
              + " within "
              + timeout.toMillis()
              + " ms",
          e);
    } catch (InterruptedException e) {
      first.cancel(false);
      throw Interruption.passedOn("interrupted while dialling", e);
    } finally {
      for (Negotiation negotiation : negotiations) {
        if (!negotiation.result().isDone()) {
          negotiation.lost("the dialling node has given up");
        }
      }
    }
  }

  private Negotiation offer(
      NodeId peer, String to, CompletableFuture<Connection> first, Attempts attempts) {
    byte[] id = new byte[Signal.CONNECTION];
    random.nextBytes(id);
    Negotiation negotiation =
        Negotiation.offering(
            node, identity.id(), new Negotiation.Key(peer, ByteString.copyFrom(id)), to);
    negotiations.put(negotiation.key(), negotiation);
    var _ =
        negotiation
            .result()
            .whenComplete(
                (connection, failure) -> {
                  if (failure != null) {
                    attempts.failed(to, failure.getMessage());
                  } else if (!first.complete(connection)) {
                    connection.close("another path was faster");
                  }
                });
    Thread.ofVirtual().name("webrtc-offer").start(negotiation::begin);
    return negotiation;
  }

  /** The addresses that are tried side by side, and why those failed that did. */
  private static final class Attempts {
    private final CompletableFuture<Connection> result;
    private final List<String> failures = new ArrayList<>();
    private int left;

    Attempts(int count, CompletableFuture<Connection> result) {
      this.left = count;
      this.result = result;
    }

    synchronized void failed(String address, @Nullable String reason) {
      failures.add(address + ": " + reason);
      if (--left == 0) {
        result.completeExceptionally(new IOException(String.join(", ", failures)));
      }
    }
  }

  /** What negotiations need. */
  private final class Node implements Negotiation.Node {
    @Override
    public ChildProcess child() throws IOException {
      // Whoever waits here waits for the start.
      starting.lock();
      try {
        if (closed) {
          throw new IOException("this transport is closed");
        }
        ChildProcess current = child;
        if (current == null || !current.isFresh()) {
          retire(current);
          current = ChildProcess.start(settings.launch());
          if (closed) {
            current.close();
            throw new IOException("this transport is closed");
          }
          child = current;
        }
        return current;
      } finally {
        starting.unlock();
      }
    }

    private void retire(@Nullable ChildProcess old) {
      if (old != null) {
        worn.add(old);
      }
      for (ChildProcess one : List.copyOf(worn)) {
        if (one.isIdle()) {
          worn.remove(one);
          one.close();
        }
      }
    }

    @Override
    public DtlsCertificate certificate() {
      return DtlsCertificate.generate(clock, CERTIFICATE_LIFETIME, random);
    }

    @Override
    public Octets sign(FingerprintProof proof, Octets fingerprint) {
      return proof.sign(identity, fingerprint);
    }

    @Override
    public WebRtcSettings settings() {
      return settings;
    }

    @Override
    public void send(NodeId peer, String to, Signal signal) throws IOException {
      signals.send(peer, to, Signal.encode(signal));
    }

    @Override
    public WebRtcConnection connection(ChildProcess process, int number, NodeId peer) {
      WebRtcConnection made = new WebRtcConnection(process, number, peer, pools, timer);
      connections.add(made);
      var _ = made.released().thenRun(() -> connections.remove(made));
      return made;
    }

    @Override
    public void later(Duration delay, Runnable task) {
      var _ = timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void over(Negotiation negotiation) {
      negotiations.remove(negotiation.key());
    }
  }

  @Override
  public void close() {
    closed = true;
    List<CompletableFuture<Boolean>> ends = new ArrayList<>();
    for (WebRtcConnection connection : connections) {
      connection.close("the node is closing");
      ends.add(connection.released());
    }
    try {
      CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
          .get(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("some connections are not closed in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    processes().forEach(ChildProcess::close);
    timer.shutdownNow();
  }

  /** Takes all processes away; one that is just starting ends by itself. */
  private List<ChildProcess> processes() {
    try {
      if (!starting.tryLock(CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
        return List.of();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
    try {
      List<ChildProcess> all = new ArrayList<>(worn);
      worn.clear();
      if (child != null) {
        all.add(child);
      }
      child = null;
      return all;
    } finally {
      starting.unlock();
    }
  }
}
