package dev.godwit.webrtc;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.stream.Path;
import dev.godwit.webrtc.FingerprintProof.Role;
import dev.godwit.webrtc.bridge.BridgeType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One side of making a connection: descriptions and candidates go back and forth until the control
 * channel is open. From then on it passes on what the WebRTC process tells about the connection,
 * and what the peer still says about it.
 */
final class Negotiation implements PeerEvents {
  private static final Logger LOG = LoggerFactory.getLogger(Negotiation.class);

  /** How long to wait for more candidates that could go into the same message. */
  private static final Duration GATHER = Duration.ofMillis(20);

  /**
   * How long to wait for the peer's candidate, when its packets come from one that it has not told
   * yet and is therefore not known for what it is; and how many times.
   */
  private static final Duration UNTOLD = Duration.ofMillis(30);

  private static final int UNTOLD_TIMES = 3;

  /** How often it is looked whether there will be anything more to tell. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  private static final String UNTOLD_TYPE = "prflx";
  private static final int MAX_CANDIDATES = 256;
  private static final int CONTROL = 0;

  /** What all negotiations of a transport have in common. */
  interface Node {
    /** The process for a new connection. May block while it starts. */
    ChildProcess child() throws IOException;

    /** The certificate of a new connection. */
    DtlsCertificate certificate();

    /** Signs our fingerprint. */
    Octets sign(FingerprintProof proof, Octets fingerprint);

    /** How connections are made. */
    WebRtcSettings settings();

    /** Sends a message to the peer. May block. */
    void send(NodeId peer, String address, Signal signal) throws IOException;

    /** Makes the connection that a negotiation is for. */
    WebRtcConnection connection(ChildProcess child, int number, NodeId peer);

    /** Does something that does not block, later. */
    void later(Duration delay, Runnable task);

    /** The negotiation, and its connection if there was one, are over. */
    void over(Negotiation negotiation);
  }

  /** Who talks to whom about what. */
  record Key(NodeId peer, ByteString connection) {}

  private final Node node;
  private final Key key;
  private final String address;
  private final Role role;
  private final FingerprintProof ours;
  private final FingerprintProof theirs;
  private final Signal.@Nullable Description offered;
  private final CompletableFuture<WebRtcConnection> result = new CompletableFuture<>();
  private final LinkedBlockingQueue<Signal> outbox = new LinkedBlockingQueue<>();
  private final List<Signal.Candidate> early = new ArrayList<>();
  private Signal.@Nullable Description own;
  private @Nullable ChildProcess child;
  private volatile @Nullable WebRtcConnection connection;
  private int number;
  private boolean answered;
  private boolean remoteSet;
  private int candidates;
  private int untold;
  private @Nullable String over;

  private Negotiation(
      Node node,
      Key key,
      String address,
      Role role,
      FingerprintProof ours,
      FingerprintProof theirs,
      Signal.@Nullable Description offered) {
    this.node = node;
    this.key = key;
    this.address = address;
    this.role = role;
    this.ours = ours;
    this.theirs = theirs;
    this.offered = offered;
  }

  /** Offers a connection. */
  static Negotiation offering(Node node, NodeId self, Key key, String address) {
    Octets id = Octets.of(key.connection().toByteArray());
    return new Negotiation(
        node,
        key,
        address,
        Role.OFFERER,
        new FingerprintProof(id, Role.OFFERER, self, key.peer()),
        new FingerprintProof(id, Role.ANSWERER, self, key.peer()),
        null);
  }

  /**
   * Answers an offer.
   *
   * @throws SignalException when it is not the peer's
   */
  static Negotiation answering(
      Node node, NodeId self, Key key, String address, Signal.Description offer)
      throws SignalException {
    Octets id = Octets.of(key.connection().toByteArray());
    FingerprintProof theirs = new FingerprintProof(id, Role.OFFERER, key.peer(), self);
    theirs.check(offer);
    return new Negotiation(
        node,
        key,
        address,
        Role.ANSWERER,
        new FingerprintProof(id, Role.ANSWERER, key.peer(), self),
        theirs,
        offer);
  }

  Key key() {
    return key;
  }

  boolean isAnswering() {
    return role == Role.ANSWERER;
  }

  /** Completes with the connection, or with why there is none. */
  CompletableFuture<WebRtcConnection> result() {
    return result;
  }

  /** Begins; blocks while the WebRTC process starts. */
  void begin() {
    try {
      ChildProcess process = node.child();
      int mine = process.add(this);
      synchronized (this) {
        child = process;
        number = mine;
        connection = node.connection(process, mine, key.peer());
      }
      var _ = connection().closed().thenAccept(this::closed);
      if (isOver()) {
        process.remove(mine);
        return;
      }
      Thread.ofVirtual().name("webrtc-signals").start(this::tellPeer);
      create(process);
    } catch (IOException e) {
      lost(String.valueOf(e.getMessage()));
    }
  }

  private synchronized boolean isOver() {
    return over != null;
  }

  private void create(ChildProcess process) {
    DtlsCertificate certificate = node.certificate();
    Octets fingerprint = certificate.fingerprint();
    Octets signature = node.sign(ours, fingerprint);
    synchronized (this) {
      own = new Signal.Description("", fingerprint, signature);
    }
    List<String> fields = new ArrayList<>();
    fields.add(node.settings().policy() == IcePolicy.ALL ? "ALL" : "RELAY");
    fields.add(certificate.certificatePem());
    fields.add(certificate.privateKeyPem());
    fields.add(Long.toString(certificate.notAfter().toEpochMilli()));
    for (IceServer server : node.settings().servers().get()) {
      fields.add(server.url());
      fields.add(server.username());
      fields.add(server.password());
    }
    process.send(BridgeType.CREATE, number, 0, fields.toArray(String[]::new));
    Signal.Description offer = offered;
    if (offer == null) {
      process.send(BridgeType.OPEN_CHANNEL, number, CONTROL, ControlMessage.LABEL, "HIGH");
      process.send(BridgeType.MAKE_OFFER, number, 0);
    } else {
      process.send(BridgeType.SET_REMOTE, number, 0, "OFFER", reachable(offer.sdp()));
    }
  }

  /** Without candidates that make no sense. */
  private static String reachable(String sdp) {
    return sdp.lines()
        .filter(
            line -> !line.startsWith("a=candidate:") || CandidateFilter.accepts(line.substring(2)))
        .collect(Collectors.joining("\r\n", "", "\r\n"));
  }

  private ChildProcess child() {
    return Objects.requireNonNull(child);
  }

  /** Sends what there is to tell, candidates that come together in one message. */
  private void tellPeer() {
    try {
      while (true) {
        Signal next = outbox.poll(IDLE.toMillis(), TimeUnit.MILLISECONDS);
        if (next == null) {
          if (isOver()) {
            return;
          }
          continue;
        }
        if (next instanceof Signal.Reachable first) {
          Thread.sleep(GATHER);
          next = together(first);
        }
        node.send(key.peer(), address, next);
        if (next instanceof Signal.Refused
            || (next instanceof Signal.Reachable r && r.complete())) {
          return;
        }
      }
    } catch (IOException e) {
      lost("the peer cannot be told: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Signal together(Signal.Reachable first) {
    List<Signal.Candidate> all = new ArrayList<>(first.candidates());
    boolean complete = first.complete();
    while (outbox.peek() instanceof Signal.Reachable more && all.size() < Signal.MAX_CANDIDATES) {
      outbox.remove();
      all.addAll(more.candidates());
      complete |= more.complete();
    }
    return new Signal.Reachable(key.connection(), all, complete);
  }

  /** The peer says something about this connection. */
  void received(Signal signal) {
    try {
      switch (signal) {
        case Signal.Answer answer -> answer(answer.description());
        case Signal.Reachable reachable -> reachable.candidates().forEach(this::tryCandidate);
        case Signal.Refused refused -> refused(refused.reason());
        case Signal.Offer offer -> throw new SignalException("a second offer");
      }
    } catch (SignalException e) {
      lost(String.valueOf(e.getMessage()));
    }
  }

  private void answer(Signal.Description answer) throws SignalException {
    theirs.check(answer);
    synchronized (this) {
      if (role != Role.OFFERER || answered || own == null) {
        throw new SignalException("an answer to nothing");
      }
      answered = true;
    }
    child().send(BridgeType.SET_REMOTE, number, 0, "ANSWER", reachable(answer.sdp()));
  }

  private void refused(String reason) {
    if (!result.isDone()) {
      end(reason, false);
    }
  }

  private synchronized void tryCandidate(Signal.Candidate candidate) {
    if (!CandidateFilter.accepts(candidate.sdp()) || ++candidates > MAX_CANDIDATES) {
      return;
    }
    if (remoteSet) {
      add(candidate);
    } else {
      early.add(candidate);
    }
  }

  private void add(Signal.Candidate candidate) {
    child()
        .send(
            BridgeType.ADD_CANDIDATE,
            number,
            0,
            candidate.mid(),
            Integer.toString(candidate.line()),
            candidate.sdp());
  }

  // What the WebRTC process tells.

  @Override
  public void described(String sdp) throws IOException {
    Signal.Description mine;
    synchronized (this) {
      mine = Objects.requireNonNull(own);
    }
    Signal.Description full = new Signal.Description(sdp, mine.fingerprint(), mine.signature());
    // So that a certificate that was not used is noticed here.
    ours.check(full);
    outbox.add(
        role == Role.OFFERER
            ? new Signal.Offer(key.connection(), full)
            : new Signal.Answer(key.connection(), full));
    child().send(BridgeType.SET_LOCAL, number, 0, role == Role.OFFERER ? "OFFER" : "ANSWER", sdp);
  }

  @Override
  public void remoteSet() {
    if (role == Role.ANSWERER) {
      child().send(BridgeType.MAKE_ANSWER, number, 0);
    }
    synchronized (this) {
      remoteSet = true;
      early.forEach(this::add);
      early.clear();
    }
  }

  @Override
  public void candidate(Signal.Candidate candidate) {
    if (CandidateFilter.accepts(candidate.sdp())) {
      outbox.add(new Signal.Reachable(key.connection(), List.of(candidate), false));
    }
  }

  @Override
  public void gathered() {
    outbox.add(new Signal.Reachable(key.connection(), List.of(), true));
  }

  @Override
  public void state(String name) {
    if (name.equals("FAILED")) {
      lost("no way to the peer was found, or it was lost");
    } else if (name.equals("CLOSED")) {
      lost("the peer closed the connection");
    }
  }

  private WebRtcConnection connection() {
    return Objects.requireNonNull(connection);
  }

  @Override
  public void channel(int channel, String label) {
    if (role == Role.ANSWERER && label.equals(ControlMessage.LABEL) && !connection().hasControl()) {
      control(channel);
    } else {
      connection().channel(channel);
    }
  }

  private void control(int channel) {
    connection().begin(channel);
    child().send(BridgeType.GET_PATH, number, 0);
  }

  @Override
  public void channelOpen(int channel) {
    if (role == Role.OFFERER && channel == CONTROL) {
      control(channel);
    } else {
      connection().channelOpen(channel);
    }
  }

  @Override
  public void message(int channel, ByteBuffer message) throws IOException {
    try {
      connection().message(channel, message);
    } catch (FramingException e) {
      LOG.debug("{} breaks the protocol", key.peer(), e);
      connection().close("protocol error: " + e.getMessage());
    }
  }

  @Override
  public void sent(int channel, long cost) {
    connection().sent(channel, cost);
  }

  @Override
  public void channelClosed(int channel) {
    connection().channelClosed(channel);
  }

  @Override
  public void path(List<String> fields) {
    String local = fields.get(0);
    String remote = fields.get(1);
    if (remote.equals(UNTOLD_TYPE) && !result.isDone() && untold++ < UNTOLD_TIMES) {
      node.later(UNTOLD, () -> child().send(BridgeType.GET_PATH, number, 0));
      return;
    }
    if (!remote.isEmpty()) {
      connection().path(new Path(kind(local, remote), "webrtc", address(fields)));
    }
    if (connection().hasControl()) {
      result.complete(connection());
    }
  }

  /** The library does not tell an address that the peer has not told. */
  private static String address(List<String> fields) {
    String address = fields.get(2);
    return address.startsWith(":") ? "port " + address.substring(1) : address;
  }

  private static Path.Kind kind(String local, String remote) {
    if (local.equals("relay") || remote.equals("relay")) {
      return Path.Kind.RELAY;
    }
    return local.equals("host") && remote.equals("host") ? Path.Kind.DIRECT : Path.Kind.PUNCHED;
  }

  @Override
  public void lost(String reason) {
    end(reason, !result.isDone());
  }

  private void end(String reason, boolean tell) {
    if (tell) {
      outbox.add(new Signal.Refused(key.connection(), reason));
    }
    closed(reason);
    WebRtcConnection made = connection;
    if (made != null) {
      made.lost(reason);
    }
  }

  private void closed(String reason) {
    synchronized (this) {
      if (over != null) {
        return;
      }
      over = reason;
    }
    result.completeExceptionally(new IOException(reason));
    node.over(this);
  }
}
