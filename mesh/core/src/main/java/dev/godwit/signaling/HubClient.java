package dev.godwit.signaling;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.signaling.proto.Lookup;
import dev.godwit.signaling.proto.Route;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.WhoIsThere;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process's connection to the hub. It logs in, and does so again whenever the connection is lost,
 * with growing pauses, until it is closed. The loss of the hub fails what was just asked of it and
 * nothing else.
 *
 * <p>When the very first login fails for a reason that waiting does not cure (another server, a
 * proof that is not accepted, no common version), the client ends. Once it was logged in, it tries
 * again even then: a foreign network's login page or a clock that jumped must not end it for good.
 *
 * <p>Thread-safe. Listeners are called one after another on threads of the client and must not
 * block; futures complete on virtual threads, on which blocking is fine.
 */
public final class HubClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HubClient.class);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);

  private final Credentials credentials;
  private final ExecutorService executor;
  private final HubDialler dialler;
  private final HubLogin login;
  private final HubRequests requests;
  private final HubEvents events = new HubEvents();
  private final RevocationSync revocations;
  private final HubSupervisor supervisor;

  private HubClient(
      HubAddress hub,
      Credentials credentials,
      HubTiming timing,
      InstantSource clock,
      SecureRandom random) {
    this.credentials = credentials;
    this.executor =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("hub-client-", 0).factory());
    this.dialler = new HubDialler(hub, timing.connect(), executor);
    this.login = new HubLogin(hub, credentials, timing.certificateLifetime(), clock);
    this.requests = new HubRequests(timing.request(), executor, this::offline);
    this.revocations = new RevocationSync(credentials.mesh(), requests, events.revocations::tell);
    this.supervisor =
        new HubSupervisor(
            dialler,
            timing,
            clock,
            random,
            requests,
            () -> new HubVisit(login, requests, events, revocations, timing),
            events.states::tell);
  }

  private HubException offline() {
    return supervisor.offline();
  }

  /** Starts to connect, with {@link HubTiming#defaults}; returns at once. */
  public static HubClient start(
      HubAddress hub, Credentials credentials, InstantSource clock, SecureRandom random) {
    return start(hub, credentials, HubTiming.defaults(), clock, random);
  }

  /** Starts to connect; returns at once. */
  public static HubClient start(
      HubAddress hub,
      Credentials credentials,
      HubTiming timing,
      InstantSource clock,
      SecureRandom random) {
    return start(hub, credentials, Revocations.none(credentials.mesh()), timing, clock, random);
  }

  /**
   * Starts to connect; returns at once.
   *
   * @param known revocations, which a hub that has forgotten them is told
   */
  public static HubClient start(
      HubAddress hub,
      Credentials credentials,
      Revocations known,
      HubTiming timing,
      InstantSource clock,
      SecureRandom random) {
    HubClient client = new HubClient(hub, credentials, timing, clock, random);
    var _ = client.revocations.learn(known);
    client.supervisor.start();
    return client;
  }

  /** Which hub it is. */
  public HubAddress hub() {
    return dialler.hub();
  }

  /** As whom the client logs in. */
  public Credentials credentials() {
    return credentials;
  }

  /** Whether the hub can be used now. */
  public HubState state() {
    return supervisor.state();
  }

  /** Calls {@code listener} with every new state; the present one is told by {@link #state}. */
  public void onState(Consumer<HubState> listener) {
    events.states.add(listener);
  }

  /**
   * Waits until the hub can be used.
   *
   * @return what it said at login
   * @throws HubException when it refused for good, or when it is still not there after {@code
   *     patience}; the message says why
   */
  public HubWelcome awaitOnline(Duration patience) throws HubException, InterruptedException {
    return awaitOnline(patience, patience);
  }

  /**
   * As {@link #awaitOnline(Duration)}, with less patience for what is likely a mistake.
   *
   * @param hopeless how long to wait when the hub's name is not known, or nothing listens there
   */
  public HubWelcome awaitOnline(Duration patience, Duration hopeless)
      throws HubException, InterruptedException {
    return supervisor.awaitOnline(patience, hopeless);
  }

  /**
   * How far this machine's clock is ahead of the hub's, negative when it is behind; exact to the
   * time that a message takes. Empty when the hub has not been reached, or does not tell.
   */
  public Optional<Duration> clockAhead() {
    return login.clockAhead();
  }

  /** Ends the present pause between two attempts, for example because the network has changed. */
  public void reconnectNow() {
    supervisor.reconnectNow();
  }

  /**
   * Makes sure soon that the connection still works, because there is a reason for doubt: one on
   * which the hub does not answer within two seconds is made anew.
   */
  public void check() {
    reconnectNow();
    try {
      executor.execute(supervisor::check);
    } catch (RejectedExecutionException e) {
      LOG.debug("Closed meanwhile", e);
    }
  }

  /**
   * Sends a sealed box to all processes of a node, or to one.
   *
   * @return how many connections the hub gave it to; 0 when the node is not there. Fails with
   *     {@link HubException}
   */
  public CompletableFuture<Integer> route(NodeId to, Optional<InstanceId> instance, byte[] box) {
    Route.Builder route =
        Route.newBuilder().setToNode(bytes(to.key())).setBox(ByteString.copyFrom(box));
    instance.ifPresent(one -> route.setToInstance(bytes(one.value())));
    return requests
        .ask(id -> ToHub.newBuilder().setRoute(route.setSequence(id)).build())
        .thenCompose(
            message ->
                message.hasRouteReport()
                    ? CompletableFuture.completedFuture(message.getRouteReport().getDelivered())
                    : HubRequests.mismatch(message));
  }

  /**
   * The processes of these nodes that are logged in, whatever their mesh; unproven.
   *
   * @param nodes at most {@link HubProtocol#MAX_LOOKUP_NODES}
   * @return fails with {@link HubException}
   */
  public CompletableFuture<List<PresentInstance>> lookup(NodeId... nodes) {
    if (nodes.length > HubProtocol.MAX_LOOKUP_NODES) {
      throw new IllegalArgumentException(
          "At most " + HubProtocol.MAX_LOOKUP_NODES + " nodes can be looked up at once.");
    }
    Lookup.Builder lookup = Lookup.newBuilder();
    Arrays.stream(nodes).forEach(node -> lookup.addNodes(bytes(node.key())));
    return requests
        .askAll(id -> ToHub.newBuilder().setLookup(lookup.setSequence(id)).build())
        .thenCompose(HubClient::listed)
        .thenApply(HubRequests.Reply::instances);
  }

  /**
   * All processes that logged in with the same mesh, this one included; unproven.
   *
   * @return fails with {@link HubException}
   */
  public CompletableFuture<List<PresentInstance>> whoIsThere() {
    return attendance().thenApply(Attendance::present);
  }

  /**
   * As {@link #whoIsThere}, with what the hub knows of those who are missing. A hub that does not
   * tell counts as settled.
   *
   * @return fails with {@link HubException}
   */
  public CompletableFuture<Attendance> attendance() {
    return requests
        .askAll(
            id -> ToHub.newBuilder().setWhoIsThere(WhoIsThere.newBuilder().setSequence(id)).build())
        .thenCompose(HubClient::listed)
        .thenApply(
            reply ->
                new Attendance(
                    reply.instances(),
                    reply.last().getLookupReply().getUnsettled()
                        ? Attendance.Outlook.UNSETTLED
                        : Attendance.Outlook.SETTLED));
  }

  private static CompletableFuture<HubRequests.Reply> listed(HubRequests.Reply reply) {
    return reply.last().hasLookupReply()
        ? CompletableFuture.completedFuture(reply)
        : HubRequests.mismatch(reply.last());
  }

  private static ByteString bytes(Octets octets) {
    return ByteString.copyFrom(octets.toByteArray());
  }

  /**
   * Gives the mesh's list of revocations to the hub, which passes it on to everybody who logs in
   * with this mesh. The client repeats that by itself at a hub that knows only an older list.
   *
   * @return the version that the hub has now, which may be higher. Fails with {@link HubException}
   * @throws IllegalArgumentException when the list is that of another mesh
   */
  public CompletableFuture<Long> publish(Revocations list) {
    if (!list.mesh().equals(credentials.mesh())) {
      throw new IllegalArgumentException(
          "The list is that of " + list.mesh() + ", not of " + credentials.mesh() + ".");
    }
    return revocations.publish(list);
  }

  /**
   * As {@link #publish}, when the list is new here; nobody waits for it. A hub that is away gets it
   * when it is back.
   */
  public void inform(Revocations list) {
    revocations.inform(list);
  }

  /** The newest list of revocations that was published here or came from the hub; proven. */
  public Revocations revocations() {
    return revocations.newest();
  }

  /** Calls {@code listener} with every box that is delivered. */
  public void onDelivery(Consumer<SealedDelivery> listener) {
    events.deliveries.add(listener);
  }

  /**
   * Calls {@code listener} with every change among the processes of the mesh. Changes while there
   * is no connection are not told: ask {@link #whoIsThere} after each login.
   */
  public void onPresence(Consumer<PresenceEvent> listener) {
    events.presence.add(listener);
  }

  /** Calls {@code listener} with every newer list of revocations of the mesh; proven. */
  public void onRevocations(Consumer<Revocations> listener) {
    events.revocations.add(listener);
  }

  /** Calls {@code listener} when the hub says that it is going to be stopped on purpose. */
  public void onDraining(Consumer<HubDraining> listener) {
    events.draining.add(listener);
  }

  /**
   * Logs out and ends all threads and sockets of the client, within a few seconds at most. What is
   * still unanswered fails.
   */
  @Override
  public void close() {
    supervisor.leave();
    boolean interrupted = Thread.interrupted();
    try {
      supervisor.join(CLOSE_PATIENCE);
      dialler.close(CLOSE_PATIENCE);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
