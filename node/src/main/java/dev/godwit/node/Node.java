package dev.godwit.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.Revocations;
import dev.godwit.migration.Seeder;
import dev.godwit.mount.MountHost;
import dev.godwit.node.NodeSettings.Stay;
import dev.godwit.path.AddressText;
import dev.godwit.path.NatBehaviour;
import dev.godwit.path.NatProbe;
import dev.godwit.path.PathPolicy;
import dev.godwit.path.Way;
import dev.godwit.portmap.PortMapping;
import dev.godwit.quic.QuicTransport;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.session.CallMemory;
import dev.godwit.session.Greeting;
import dev.godwit.session.LiveConnections;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.Peer;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Reply;
import dev.godwit.session.RequestHandler;
import dev.godwit.session.RequestProtocol;
import dev.godwit.session.Session;
import dev.godwit.session.SessionId;
import dev.godwit.session.SessionTiming;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubException;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.HubTiming;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.proto.OfferedResource;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Interruption;
import dev.godwit.ticket.TicketBook;
import dev.godwit.ticket.TicketId;
import dev.godwit.tls.RelayAccess;
import dev.godwit.webrtc.IceServer;
import dev.godwit.wire.Compression;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.StreamOpen;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running member of a mesh, for programs that embed one; the {@code godwit} command is written on
 * it. It is logged in at the hub, reachable in every way that its settings allow, and seeds and
 * leeches what it is told to.
 *
 * <pre>{@code
 * try (Node node = Node.start(home, NodeSettings.standard());
 *     Leeching moved = node.leech(LeechOptions.of("alice/vm1", Path.of("vm1.img")))) {
 *   moved.await();
 * }
 * }</pre>
 *
 * <p>Thread-safe. Closing ends everything that was started with it and is not closed yet.
 */
public final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final Duration GREETING = Duration.ofSeconds(10);

  private static final Duration STUN_ANSWER = Duration.ofMillis(700);
  private static final Duration ROUTER = Duration.ofMillis(2500);
  private static final Duration TICKET_POLL = Duration.ofMillis(500);

  private final NodeHome home;
  private final Identity identity;
  private final MeshInfo mesh;
  private final Membership own;
  private final Octets place;
  private final MeshAdmission admission;
  private final InstantSource clock;
  private final SecureRandom random;
  private final Transports transports;
  private final PathPolicy policy;
  private final Wait.Listener waits;
  private final Reversals reversals = new Reversals();
  private final Set<PathKeeper> keepers = ConcurrentHashMap.newKeySet();
  private final NetworkWatch watch;
  private final AuthorityWatch authority;
  private final LiveConnections connections = new LiveConnections();
  private final Surroundings surroundings;
  private final HubClient hub;
  private final OwnCandidates candidates;
  private final MemberSignals signals;
  private final Signaling signaling;
  private final PeerDirectory directory;
  private final Twins twins;
  private final PeerDialler dialler;
  private final PathSource paths = new Paths();
  private final ZstdCompression compression = new ZstdCompression();
  private final ConcurrentMap<String, Offer> offers = new ConcurrentHashMap<>();
  private final ConcurrentMap<NodeId, String> names = new ConcurrentHashMap<>();
  private final Started started = new Started();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** A resource that this node offers, by how it is taken and by how it is used from elsewhere. */
  private record Offer(Seeder seeder, MountHost mounts) {}

  private Node(NodeHome home, NodeSettings settings, InstantSource clock, SecureRandom random)
      throws IOException {
    this.home = home;
    this.clock = clock;
    this.random = random;
    // First, so that nothing is made in the home of no member.
    this.mesh = home.mesh();
    this.own = home.membership();
    this.identity = home.identity();
    if (!own.node().equals(identity.id())) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "The key in "
              + home.directory()
              + " is not that of its membership, which is for "
              + own.node().shortForm()
              + ". Bring back the identity.pem that belongs to it. Or delete mesh.properties there,"
              + " and join as a new node.");
    }
    this.place = HomePlace.of(home, identity.id());
    this.admission =
        new MeshAdmission(
            own, home.revocations(mesh.id()), this::keep, clock, "godwit " + Version.current());
    this.waits = settings.waits();
    InstanceId instance = InstanceId.random(random);
    this.transports =
        Transports.open(
            identity,
            instance,
            settings,
            this::relay,
            (peer, address, message) -> mail().send(peer, address, message),
            this::iceServers,
            clock,
            random);
    this.policy =
        transports.quic().isPresent()
            ? settings.policy()
            : settings
                .policy()
                .without(Way.QUIC)
                .orElseThrow(
                    () ->
                        new NodeException(
                            NodeException.Kind.FAILED,
                            "Only QUIC is wanted, and there is none on this machine. Allow another"
                                + " transport."));
    CallMemory budget = CallMemory.of(Runtime.getRuntime().maxMemory());
    Greeting greeting =
        new Greeting(
            admission,
            Map.of(
                Seeder.protocol(),
                new RequestProtocol(this::resolve, compression, admission, budget),
                MountHost.protocol(),
                new RequestProtocol(this::resolveMount, compression, admission, budget),
                Pinging.PROTOCOL,
                new RequestProtocol(
                    (peer, open) -> Pinging::answer, compression, admission, budget),
                ReclaimAnswers.PROTOCOL,
                new RequestProtocol(
                    (peer, open) -> new ReclaimAnswers(home), compression, admission, budget)),
            GREETING,
            connections);
    transports.listen(connection -> welcome(greeting, connection));
    this.hub =
        HubClient.start(
            mesh.hub(),
            new Credentials(identity, mesh.id(), instance, SealingKey.generate(random)),
            admission.known(),
            HubTiming.defaults(),
            clock,
            random);
    hub.onRevocations(this::learn);
    hub.onState(
        new HubAbsence(
            mesh.hub().hostAndPort(),
            (what, time) ->
                CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS)
                    .execute(what),
            this::advise));
    this.surroundings =
        settings.stay() == Stay.LONG && !isHere(mesh.hub().host())
            ? Surroundings.of(mesh.id(), instance, transports, clock)
            : Surroundings.none();
    this.candidates = OwnCandidates.of(transports.quic(), transports.tls(), surroundings, hub);
    PeerAddresses addresses =
        new PeerAddresses(
            isHere(mesh.hub().host())
                ? PeerAddresses.Loopback.USED
                : PeerAddresses.Loopback.LEFT_ALONE);
    KnownMembers known = new KnownMembers(home);
    this.signals =
        new MemberSignals(
            home,
            new OwnIntroduction(own, place, this::offered),
            admission,
            known,
            transports,
            new Meetings(transports, greeting, addresses),
            candidates,
            clock,
            random);
    this.signaling = new Signaling(hub, signals, clock, random);
    RollCall roll = new RollCall(own, admission, signaling, known, Thread::sleep, clock, random);
    this.directory = new PeerDirectory(mesh, admission, hub, roll, System::nanoTime, Thread::sleep);
    this.twins = new Twins(directory, place, own.name());
    this.dialler =
        new PeerDialler(
            transports,
            greeting,
            reversals,
            candidates,
            addresses,
            signaling,
            membership(),
            random);
    this.watch = NetworkWatch.start(clock, this::shaken);
    this.authority =
        new AuthorityWatch(
            home, admission, connections, hub::inform, new Peer(own.node(), own), this::advise);
    authority.start();
    hub.onDraining(notice -> keepers.forEach(PathKeeper::shaken));
  }

  /**
   * Starts a node.
   *
   * @throws NodeException when it is in no mesh, or its hub refuses it
   * @throws IOException when its files cannot be read or its socket not opened
   */
  public static Node start(NodeHome home, NodeSettings settings) throws IOException {
    return start(home, settings, InstantSource.system(), new SecureRandom());
  }

  private static Node start(
      NodeHome home, NodeSettings settings, InstantSource clock, SecureRandom random)
      throws IOException {
    Node node = new Node(home, settings, clock, random);
    try {
      node.awaitHub(settings.hubPatience(), settings.stay());
      node.directory.checkNotRevoked();
      if (settings.stay() == Stay.LONG) {
        var _ = Thread.ofVirtual().name("twins").start(node::tellOfTwins);
      }
      return node;
    } catch (IOException e) {
      node.close();
      throw e;
    }
  }

  private void tellOfTwins() {
    try {
      if (twins.areElsewhere()) {
        waits.limited(twins.complaint());
      }
    } catch (IOException e) {
      LOG.debug("whether this identity is running elsewhere cannot be known now", e);
    }
  }

  /**
   * Whether the identity of this node is running elsewhere as well, on another machine or from a
   * copy of its folder.
   *
   * @throws IOException when the hub cannot be asked
   */
  public boolean isElsewhereToo() throws IOException {
    return twins.areElsewhere();
  }

  /**
   * Passes when no other process with this identity offers a resource of this name, or when that
   * cannot be known now.
   *
   * @throws NodeException when one does
   */
  void checkOfferedOnlyHere(String resource) throws IOException {
    try {
      twins.checkOfferedOnlyHere(resource);
    } catch (NodeException e) {
      if (e.kind() != NodeException.Kind.UNREACHABLE) {
        throw e;
      }
      LOG.debug("who else offers {} cannot be known now", resource, e);
    }
  }

  private static boolean isHere(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      LOG.debug("the hub's name is not known now", e);
      return false;
    }
  }

  private void awaitHub(Duration patience, Stay stay) throws IOException {
    String address = mesh.hub().hostAndPort();
    try {
      if (stay == Stay.BRIEF) {
        HubArrival.awaitBriefly(hub, address, patience, waits);
      } else {
        HubArrival.await(hub, address, patience, waits);
      }
      Clocks.complaint(hub.clockAhead()).ifPresent(waits::limited);
    } catch (HubException e) {
      if (e.isCurable() && surroundings.listens()) {
        LOG.warn("{} Nodes in this LAN are found without it.", e.getMessage());
        return;
      }
      throw noHub("The hub " + address + " of mesh " + mesh.name(), e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
  }

  /** What to say when a hub cannot be used. */
  static NodeException noHub(String which, HubException why) {
    return switch (why.reason()) {
      case OFFLINE, TIMEOUT, UNKNOWN_NAME, NOT_LISTENING, PROTOCOL ->
          new NodeException(
              NodeException.Kind.UNREACHABLE,
              which + " cannot be reached. " + Explanation.ended(String.valueOf(why.getMessage())),
              why);
      default ->
          new NodeException(
              why.isCurable() ? NodeException.Kind.UNREACHABLE : NodeException.Kind.NOT_ALLOWED,
              which
                  + " does not let us in. "
                  + Explanation.afterColons(Explanation.ended(String.valueOf(why.getMessage()))),
              why);
    };
  }

  private void keep(Revocations newer) {
    try {
      home.keep(newer);
    } catch (IOException e) {
      LOG.warn("new revocations could not be stored: {}", e.toString());
    }
  }

  private void learn(Revocations list) {
    try {
      AuthorityWatch.learn(admission, connections, list);
    } catch (MembershipException e) {
      LOG.warn("the hub sent revocations that are not of this mesh: {}", e.getMessage());
    }
  }

  private void welcome(Greeting greeting, Connection connection) {
    var _ =
        greeting
            .welcome(connection, reversals)
            .whenComplete(
                (peer, refusal) -> {
                  if (refusal != null) {
                    LOG.debug("{} was refused", connection.peer().shortForm(), refusal);
                  }
                });
  }

  private RequestHandler resolve(Peer peer, StreamOpen open) throws RemoteException {
    return offered(open.getResource()).seeder().handler(known(peer));
  }

  private RequestHandler resolveMount(Peer peer, StreamOpen open) throws RemoteException {
    return offered(open.getResource()).mounts().handler(known(peer));
  }

  private Peer known(Peer peer) {
    names.put(peer.membership().node(), peer.membership().name());
    return peer;
  }

  /**
   * What a member is called that has asked this node for something, or is there now; of others a
   * short id.
   */
  public String nameOf(NodeId member) {
    if (!names.containsKey(member)) {
      try {
        directory.peers().forEach(peer -> names.put(peer.id(), peer.name()));
      } catch (IOException e) {
        LOG.debug("what {} is called cannot be known now", member, e);
      }
    }
    @Nullable String name = names.get(member);
    return name == null ? nameOfAdmitted(member) : name;
  }

  /** The node that made the mesh knows everybody, also those who are away. */
  private String nameOfAdmitted(NodeId member) {
    try {
      return home.members().stream()
          .filter(one -> one.node().equals(member))
          .map(Membership::name)
          .findFirst()
          .orElseGet(member::shortForm);
    } catch (IOException e) {
      LOG.debug("the members cannot be read", e);
      return member.shortForm();
    }
  }

  private Offer offered(String resource) throws RemoteException {
    @Nullable Offer offer = offers.get(resource);
    if (offer == null) {
      throw new RemoteException(
          Failure.Code.NO_SUCH_RESOURCE, own.name() + " offers no resource '" + resource + "'");
    }
    return offer;
  }

  private List<OfferedResource> offered() {
    return offers.values().stream()
        .map(Offer::seeder)
        .map(
            seeder ->
                OfferedResource.newBuilder()
                    .setName(seeder.resource())
                    .setSize(seeder.size())
                    .setGeneration(seeder.state().generation())
                    .setState(seeder.state().word())
                    .build())
        .toList();
  }

  /** This node's id. */
  public NodeId id() {
    return identity.id();
  }

  /** This node's name in its mesh. */
  public String name() {
    return own.name();
  }

  /** The mesh. */
  public MeshInfo mesh() {
    return mesh;
  }

  /** Whether the hub can be used now. */
  public HubState hubState() {
    return hub.state();
  }

  Octets place() {
    return place;
  }

  NodeHome home() {
    return home;
  }

  SecureRandom random() {
    return random;
  }

  /** Tells whoever watches something that he should know. */
  void advise(String sentence) {
    waits.limited(sentence);
  }

  Compression compression() {
    return compression;
  }

  /**
   * Offers a resource to the mesh.
   *
   * @throws NodeException when that makes no sense, for example because it is offered already
   * @throws IOException when its file cannot be used
   */
  public Seeding seed(SeedOptions options) throws IOException {
    compression.load();
    return started.add(Started.Kind.OFFERED, Seeding.start(this, options));
  }

  /** For what was started here, when it is being closed. */
  void forget(Closeable one) {
    started.forget(one);
  }

  void offer(Seeder seeder, MountHost host) throws NodeException {
    if (offers.putIfAbsent(seeder.resource(), new Offer(seeder, host)) != null) {
      throw new NodeException(
          NodeException.Kind.FAILED, "This node offers '" + seeder.resource() + "' already.");
    }
  }

  void withdraw(Seeder seeder, MountHost host) {
    boolean _ = offers.remove(seeder.resource(), new Offer(seeder, host));
  }

  /**
   * Begins to move a resource here. Returns when the seeder has been reached and the target is
   * ready.
   *
   * @throws NodeException when the seeder cannot be reached, refuses, or the target cannot be used
   * @throws IOException when something else fails
   */
  public Leeching leech(LeechOptions options) throws IOException {
    compression.load();
    return started.add(Started.Kind.TAKEN, Leeching.start(this, options));
  }

  /**
   * Mounts a resource of another node here. Returns when the owner has let us in; its devices are
   * there then, unless everything is to be pulled first: {@link Mounting#awaitOpen} waits for that.
   *
   * @throws NodeException when the owner cannot be reached, refuses, or the cache cannot be used
   * @throws IOException when something else fails
   */
  public Mounting mount(MountOptions options) throws IOException {
    compression.load();
    return started.add(Started.Kind.TAKEN, Mounting.start(this, options));
  }

  /**
   * The processes of members that are there right now and proved to be members.
   *
   * @throws NodeException when the hub cannot be reached, or this node was revoked
   */
  public List<PeerView> peers() throws IOException {
    return directory.peers();
  }

  /**
   * The processes of one node, given by its id or its name.
   *
   * @throws NodeException when none is there, or the name is not unique
   */
  public List<PeerView> find(String node) throws IOException {
    waits.waiting(new Wait.Member(node));
    return directory.find(node);
  }

  /**
   * The processes of a node that are logged in at the hub, whether they answer or not.
   *
   * @param called what people call it
   * @throws NodeException when the hub cannot be asked
   */
  List<PresentInstance> present(NodeId node, String called) throws IOException {
    waits.waiting(new Wait.Member(called));
    return Answers.await(hub.lookup(node), "The hub").stream()
        .filter(process -> process.node().equals(node))
        .toList();
  }

  private ByteString membership() {
    return ByteString.copyFrom(own.encoded());
  }

  private KeptSession session(
      NodeId peer, Optional<PresentInstance> process, String protocol, String resource) {
    PathKeeper keeper = new PathKeeper(paths, peer, process, resource, policy, clock);
    keepers.add(keeper);
    Session session =
        new Session(
            SessionId.random(random),
            protocol,
            resource,
            keeper,
            SessionTiming.STANDARD,
            compression);
    keeper.keep(session);
    return new KeptSession(peer, session, keeper);
  }

  /**
   * Connects to a process, and to another one of the same node when it is gone, to see how it is
   * reached.
   *
   * @param peer one of {@link #find}
   * @throws IOException when no way leads there
   */
  public Pinging ping(PeerView peer) throws IOException {
    checkNotSelf(peer.id(), peer.name());
    KeptSession kept = session(peer.id(), Optional.of(peer.process()), Pinging.PROTOCOL, "");
    reaching();
    try {
      kept.session().start();
      return new Pinging(kept);
    } catch (IOException e) {
      kept.session().close();
      throw e;
    }
  }

  /**
   * Asks a process one thing.
   *
   * @throws IOException when it refuses, does not answer within {@code limit}, or cannot be reached
   */
  Reply ask(
      PresentInstance process, String protocol, byte operation, MessageLite what, Duration limit)
      throws IOException {
    KeptSession kept = session(process.node(), Optional.of(process), protocol, "");
    try {
      reaching();
      kept.session().start();
      return kept.session().call(operation, what, limit);
    } finally {
      kept.session().close();
    }
  }

  /** Refuses to do with itself what takes two. */
  void checkNotSelf(NodeId peer, String called) throws NodeException {
    if (peer.equals(id())) {
      throw new NodeException(
          NodeException.Kind.USAGE, called + " is this node itself. Name another one.");
    }
  }

  /** Says over which transports a peer is being reached. */
  void reaching() {
    waits.waiting(new Wait.Path(policy.ways().stream().sorted().map(Way::word).toList()));
  }

  /** Says that an owner has been asked. */
  void asking(ResourceName name) {
    waits.waiting(new Wait.Owner(name.node(), name.resource()));
  }

  private RelayAccess relay() throws IOException {
    return switch (hub.state()) {
      case HubState.Online(var welcome) ->
          new RelayAccess(
              hub.hub(),
              welcome.relay().orElseThrow(() -> new IOException("the hub relays nothing")).pass());
      case HubState.Offline(String reason, var _) -> throw new IOException(reason);
      case HubState.Ended(HubException reason) ->
          throw new IOException(reason.getMessage(), reason);
    };
  }

  /** Made for each message: it has no state, and the hub is there later than the transports. */
  private WebRtcMail mail() {
    return new WebRtcMail(hub, signaling, membership());
  }

  private List<IceServer> iceServers() {
    List<IceServer> servers = new ArrayList<>();
    if (hub.state() instanceof HubState.Online(var welcome)) {
      for (int port : welcome.stunPorts()) {
        servers.add(
            IceServer.stun(
                "stun:" + AddressText.format(new InetSocketAddress(hub.hub().host(), port))));
      }
    }
    return servers;
  }

  /**
   * Finds out what this network allows. Takes up to three seconds.
   *
   * @throws IOException when the hub cannot be reached
   */
  public Diagnosis diagnose() throws IOException {
    if (!(hub.state() instanceof HubState.Online(var welcome))) {
      throw new NodeException(
          NodeException.Kind.UNREACHABLE,
          "The hub " + mesh.hub().hostAndPort() + " cannot be reached.");
    }
    List<InetSocketAddress> servers = new ArrayList<>();
    for (int port : welcome.stunPorts()) {
      servers.add(new InetSocketAddress(mesh.hub().host(), port));
    }
    QuicTransport quic = quicOrRefuse();
    CompletableFuture<Optional<PortMapping.Mapping>> mapping = askRouter(quic);
    NatBehaviour nat = NatProbe.probe(servers, random, STUN_ANSWER);
    return new Diagnosis(
        welcome.observed(), quic.addresses(), nat, mapping.join(), welcome.relay());
  }

  private QuicTransport quicOrRefuse() throws NodeException {
    return transports
        .quic()
        .orElseThrow(
            () ->
                new NodeException(
                    NodeException.Kind.FAILED,
                    "UDP cannot be looked at: there is no QUIC on this machine."));
  }

  private CompletableFuture<Optional<PortMapping.Mapping>> askRouter(QuicTransport quic) {
    if (isHere(mesh.hub().host())) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    CompletableFuture<Optional<PortMapping.Mapping>> answer = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("ask-router")
        .start(
            () -> {
              try (PortMapping asked =
                  PortMapping.start(
                      quic.boundTo().getPort(),
                      OptionalInt.empty(),
                      PortMapping.Settings.STANDARD)) {
                answer.complete(asked.await(ROUTER));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                answer.complete(Optional.empty());
              } catch (RuntimeException e) {
                LOG.debug("the router could not be asked", e);
                answer.complete(Optional.empty());
              }
            });
    return answer;
  }

  /** How far this machine's clock is ahead of the hub's; empty when that is not known. */
  public Optional<Duration> clockAhead() {
    return hub.clockAhead();
  }

  /**
   * Asks the hub's STUN at one of its addresses, at each of its ports.
   *
   * @return how it sees this node; empty when nothing was answered
   */
  public Optional<InetSocketAddress> seenBy(InetAddress hubAddress) throws IOException {
    if (!(hub.state() instanceof HubState.Online(var welcome))) {
      return Optional.empty();
    }
    QuicTransport quic = quicOrRefuse();
    for (int port : welcome.stunPorts()) {
      try {
        return Optional.of(quic.reflexive(new InetSocketAddress(hubAddress, port), STUN_ANSWER));
      } catch (IOException e) {
        LOG.debug("no answer from {} port {}", hubAddress, port, e);
      }
    }
    return Optional.empty();
  }

  private void shaken() {
    candidates.refresh();
    hub.check();
    keepers.forEach(PathKeeper::shaken);
  }

  /**
   * The seeder of a resource: found through the hub, or, when that is not there, in this LAN, if
   * the node is given by its id.
   */
  KeptSession session(ResourceName name, String protocol) throws IOException {
    waits.waiting(new Wait.Member(name.node()));
    try {
      PeerView seeder = directory.locate(name);
      return session(seeder.id(), Optional.of(seeder.process()), protocol, name.resource());
    } catch (NodeException e) {
      @Nullable NodeId id = PeerDirectory.id(name.node());
      if (id == null
          || hub.state() instanceof HubState.Online
          || surroundings.neighbours().isEmpty()) {
        throw e;
      }
      LOG.debug("the hub is away, looking in the LAN", e);
      return session(id, Optional.empty(), protocol, name.resource());
    }
  }

  /**
   * Waits for the use of a ticket that this node has issued. Another process of this node may let
   * the joining node in; that is noticed too.
   *
   * @return completes with the node that joined; cancelled when this node is closed before
   */
  public CompletableFuture<NodeId> joined(TicketId ticket) {
    CompletableFuture<NodeId> joined = new CompletableFuture<>();
    signals.onJoin(
        (used, who) -> {
          if (used.equals(ticket)) {
            joined.complete(who);
          }
        });
    Thread.ofVirtual()
        .name("ticket-watch")
        .start(
            () -> {
              while (!joined.isDone() && !closed.get()) {
                usedBy(ticket).ifPresent(joined::complete);
                LockSupport.parkNanos(TICKET_POLL.toNanos());
              }
              boolean _ = joined.cancel(false);
            });
    return joined;
  }

  private Optional<NodeId> usedBy(TicketId ticket) {
    try {
      for (TicketBook.Entry entry : home.tickets().list()) {
        if (entry.id().equals(ticket) && entry.state() instanceof TicketBook.State.Used used) {
          return Optional.of(used.joiner());
        }
      }
    } catch (IOException e) {
      LOG.warn("the tickets of this node cannot be read: {}", e.toString());
    }
    return Optional.empty();
  }

  /**
   * Publishes revocations to everybody who is or comes online, and keeps them.
   *
   * @throws IOException when they could not be stored, or the hub not reached
   */
  public void publish(Revocations list) throws IOException {
    home.keep(list);
    learn(list);
    long _ = Answers.await(hub.publish(list), "The hub");
  }

  /** What the keepers of paths need of this node. */
  private final class Paths implements PathSource {
    @Override
    public PresentInstance locate(NodeId peer, String resource) throws IOException {
      // Who is no member any more need not look for anybody.
      admission.check(new Peer(own.node(), own));
      return directory.locate(peer, resource).process();
    }

    @Override
    public void begin(PathRace race, PresentInstance process, String resource, PathPolicy allowed) {
      dialler.begin(race, process, resource, allowed);
    }

    @Override
    public List<String> neighbours() {
      return surroundings.neighbours();
    }

    @Override
    public Connection connect(NodeId peer, List<String> addresses, Duration patience)
        throws IOException {
      return dialler.dial(peer, addresses, patience);
    }

    @Override
    public void doubt() {
      hub.check();
    }

    @Override
    public void forget(PathKeeper keeper) {
      keepers.remove(keeper);
    }
  }

  /**
   * Closes what was started with this node and is not closed yet: mounts and what is on its way
   * here, then what is offered, then the network. Closing it again does nothing.
   *
   * @throws UncheckedIOException when something that was started could not be closed in order, for
   *     example because what was written last cannot be saved; everything has ended all the same
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try {
      started.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      closeNetwork();
    }
  }

  private void closeNetwork() {
    watch.close();
    authority.close();
    surroundings.close();
    keepers.forEach(PathKeeper::close);
    signaling.close();
    candidates.close();
    hub.close();
    transports.close();
  }

  InstantSource clock() {
    return clock;
  }
}
