package dev.godwit.signaling;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.HubException.Reason;
import dev.godwit.signaling.proto.Challenge;
import dev.godwit.signaling.proto.Delivery;
import dev.godwit.signaling.proto.Draining;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Instance;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.Lookup;
import dev.godwit.signaling.proto.Ping;
import dev.godwit.signaling.proto.Pong;
import dev.godwit.signaling.proto.PresenceUpdate;
import dev.godwit.signaling.proto.Refusal;
import dev.godwit.signaling.proto.Route;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.Welcome;
import dev.godwit.signaling.proto.WhoIsThere;
import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

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
  private static final Duration FAREWELL = Duration.ofSeconds(1);
  private static final int CHECK_SECONDS = 2;
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(5);
  private static final int MAX_LISTED_INSTANCES = 65_536;
  private static final String SOFTWARE = "godwit";

  /**
   * For the first connection to come about: who waits for it is told soon when nothing answers, and
   * it is tried again with more patience.
   */
  private static final Duration FIRST_DIAL = Duration.ofMillis(1900);

  /** A difference of clocks by which nothing is refused. */
  private static final Duration CLOCKS_AGREE = Duration.ofMinutes(2);

  private final HubAddress hub;
  private final Credentials credentials;
  private final HubTiming timing;
  private final InstantSource clock;
  private final SecureRandom random;
  private final ExecutorService executor;
  private final HttpClient http;
  private final Thread supervisor;

  private final List<Consumer<HubState>> stateListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<SealedDelivery>> deliveryListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<PresenceEvent>> presenceListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<Revocations>> revocationListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<HubDraining>> drainListeners = new CopyOnWriteArrayList<>();

  /** How often a list that the hub has told of is fetched until it is here. */
  private static final int ATTEMPTS_TO_FETCH = 10;

  private static final Duration FETCH_PAUSE = Duration.ofMillis(500);

  private final AtomicLong sequence = new AtomicLong();
  private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
  private final RevocationPages pages;

  /** The newest version that the hub has told of. */
  private final AtomicLong announced = new AtomicLong();

  private final AtomicBoolean fetching = new AtomicBoolean();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private HubState state;
  private Revocations newest;
  private boolean retryNow;
  private boolean closed;

  /**
   * How far this machine's clock was ahead of the hub's at the last login; null if it is not known.
   */
  private volatile @Nullable Duration clockAhead;

  /** Why the last connection did not come about, or is over. */
  private volatile @Nullable HubException trouble;

  /** The link on which the hub said welcome, while it lasts. */
  private volatile @Nullable HubLink online;

  private HubClient(
      HubAddress hub,
      Credentials credentials,
      HubTiming timing,
      InstantSource clock,
      SecureRandom random) {
    this.hub = hub;
    this.credentials = credentials;
    this.timing = timing;
    this.clock = clock;
    this.random = random;
    this.state = new HubState.Offline("not connected yet", clock.instant());
    this.newest = Revocations.none(credentials.mesh());
    this.pages = new RevocationPages(credentials.mesh(), request -> ask(request).answer);
    this.executor =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("hub-client-", 0).factory());
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(trusting(hub))
            .sslParameters(named(hub))
            .connectTimeout(timing.connect())
            .executor(executor)
            .build();
    this.supervisor = Thread.ofVirtual().name("hub-client").unstarted(this::supervise);
  }

  private static SSLContext trusting(HubAddress hub) {
    try {
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(null, new TrustManager[] {hub.fingerprint().trust()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no TLS 1.3.", e);
    }
  }

  /** So that the name is asked for, too, where one of its addresses is connected to. */
  private static SSLParameters named(HubAddress hub) {
    SSLParameters parameters = new SSLParameters();
    try {
      if (hub.isName()) {
        parameters.setServerNames(List.of(new SNIHostName(hub.host())));
      }
    } catch (IllegalArgumentException e) {
      LOG.debug("{} cannot be asked for by name", hub.host(), e);
    }
    return parameters;
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
    var _ = client.learn(known);
    client.supervisor.start();
    return client;
  }

  /** Which hub it is. */
  public HubAddress hub() {
    return hub;
  }

  /** As whom the client logs in. */
  public Credentials credentials() {
    return credentials;
  }

  // ---- state -----------------------------------------------------------------------------------

  /** Whether the hub can be used now. */
  public HubState state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  /** Calls {@code listener} with every new state; the present one is told by {@link #state}. */
  public void onState(Consumer<HubState> listener) {
    stateListeners.add(listener);
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
    long left = patience.toNanos();
    long spare = patience.minus(hopeless).toNanos();
    lock.lock();
    try {
      while (true) {
        switch (state) {
          case HubState.Online(HubWelcome welcome) -> {
            return welcome;
          }
          case HubState.Ended(HubException reason) ->
              throw new HubException(reason.reason(), String.valueOf(reason.getMessage()), reason);
          case HubState.Offline(String reason, Instant next) -> {
            HubException last = trouble;
            long enough = last != null && last.isHopeless() ? spare : 0;
            if (left <= enough) {
              throw new HubException(last == null ? Reason.OFFLINE : last.reason(), reason);
            }
            LOG.debug("Waiting for the hub: {}, next attempt at {}", reason, next);
            left = enough + changed.awaitNanos(left - enough);
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * How far this machine's clock is ahead of the hub's, negative when it is behind; exact to the
   * time that a message takes. Empty when the hub has not been reached, or does not tell.
   */
  public Optional<Duration> clockAhead() {
    return Optional.ofNullable(clockAhead);
  }

  /** Ends the present pause between two attempts, for example because the network has changed. */
  public void reconnectNow() {
    lock.lock();
    try {
      retryNow = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes sure soon that the connection still works, because there is a reason for doubt: one on
   * which the hub does not answer within {@value #CHECK_SECONDS} seconds is made anew.
   */
  public void check() {
    reconnectNow();
    HubLink link = online;
    if (link == null) {
      return;
    }
    try {
      executor.execute(
          () -> {
            long asked = System.nanoTime();
            try {
              link.send(
                  ToHub.newBuilder()
                      .setPing(Ping.newBuilder().setId(sequence.incrementAndGet()))
                      .build());
              HubException _ = link.end().get(CHECK_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
              if (link.silence().toNanos() > System.nanoTime() - asked) {
                link.fail(new HubException(Reason.OFFLINE, "The hub does not answer.", e));
              }
            } catch (HubException | ExecutionException e) {
              LOG.debug("The connection to the hub is over", e);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("Closed meanwhile", e);
    }
  }

  private void enter(HubState next) {
    lock.lock();
    try {
      state = next;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tell(stateListeners, next);
  }

  private static <T> void tell(List<Consumer<T>> listeners, T event) {
    for (Consumer<T> listener : listeners) {
      try {
        listener.accept(event);
      } catch (RuntimeException e) {
        LOG.error("A listener failed at {}", event.getClass().getSimpleName(), e);
      }
    }
  }

  // ---- connecting ------------------------------------------------------------------------------

  private void supervise() {
    int failures = 0;
    boolean wasOnline = false;
    try {
      while (!isClosed()) {
        Visit visit = visit(failures == 0 ? FIRST_DIAL : timing.connect());
        wasOnline |= visit.lasted.isPresent();
        if (!visit.reason.isCurable() && !wasOnline) {
          end(visit.reason);
          return;
        }
        boolean stable =
            visit.lasted.filter(lasted -> lasted.compareTo(timing.lastBackoff()) > 0).isPresent();
        failures = stable ? 1 : failures + 1;
        pause(visit.reason, failures);
      }
    } catch (InterruptedException e) {
      LOG.debug("The hub client was interrupted", e);
    }
    end(closedException());
  }

  /**
   * How one connection went.
   *
   * @param reason why it is over
   * @param lasted how long the client was logged in; empty when it was not
   */
  private record Visit(HubException reason, Optional<Duration> lasted) {}

  private Visit visit(Duration dial) throws InterruptedException {
    Attempt attempt = new Attempt();
    Optional<Long> onlineSince = Optional.empty();
    HubException reason;
    try (HubLink link =
        HubLink.connect(http, hub, attempt, timing.connect(), shorter(dial), executor)) {
      HubWelcome welcome = awaitWelcome(link, attempt);
      onlineSince = Optional.of(System.nanoTime());
      enter(new HubState.Online(welcome));
      LOG.info("Logged in at the hub {}", hub.hostAndPort());
      reason = attend(link, attempt.renewAt);
    } catch (HubException e) {
      reason = e;
    } finally {
      online = null;
    }
    trouble = reason;
    failPending(reason);
    return new Visit(reason, onlineSince.map(since -> Duration.ofNanos(System.nanoTime() - since)));
  }

  private Duration shorter(Duration dial) {
    return dial.compareTo(timing.connect()) < 0 ? dial : timing.connect();
  }

  private HubWelcome awaitWelcome(HubLink link, Attempt attempt)
      throws HubException, InterruptedException {
    CompletableFuture<Object> first = CompletableFuture.anyOf(attempt.welcome, link.end());
    try {
      return switch (first.get(timing.connect().toMillis(), TimeUnit.MILLISECONDS)) {
        case HubWelcome welcome -> welcome;
        case HubException refused -> throw refused;
        default -> throw new IllegalStateException("Neither a welcome nor an end.");
      };
    } catch (TimeoutException e) {
      throw new HubException(
          Reason.OFFLINE, "The hub at " + hub.hostAndPort() + " does not finish the login.", e);
    } catch (ExecutionException e) {
      throw new HubException(Reason.PROTOCOL, "The login failed: " + e.getCause(), e);
    }
  }

  /** Keeps the connection alive until it is over. */
  private HubException attend(HubLink link, Instant renewAt) throws InterruptedException {
    while (true) {
      try {
        return link.end().get(timing.ping().toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException stillThere) {
        if (link.silence().compareTo(timing.silence()) > 0) {
          return new HubException(
              Reason.OFFLINE,
              "The hub said nothing for " + link.silence().toSeconds() + " s.",
              stillThere);
        }
        if (clock.instant().isAfter(renewAt)) {
          return new HubException(Reason.OFFLINE, "The login is being renewed.", stillThere);
        }
        try {
          link.send(
              ToHub.newBuilder()
                  .setPing(Ping.newBuilder().setId(sequence.incrementAndGet()))
                  .build());
        } catch (HubException e) {
          return e;
        }
      } catch (ExecutionException e) {
        return new HubException(Reason.PROTOCOL, "The connection failed: " + e.getCause(), e);
      }
    }
  }

  private Duration backoff(int failures, Duration retryAfter) {
    long longest = timing.lastBackoff().toNanos();
    long pause = timing.firstBackoff().toNanos();
    for (int i = 1; i < failures && pause < longest; i++) {
      pause *= 2;
    }
    pause = Math.min(pause, longest);
    Duration jittered = Duration.ofNanos(pause / 2 + (long) (random.nextDouble() * pause / 2));
    Duration asked =
        retryAfter.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : retryAfter;
    return asked.plus(jittered);
  }

  private void pause(HubException reason, int failures) throws InterruptedException {
    Duration pause = backoff(failures, reason.retryAfter());
    String sentence = String.valueOf(reason.getMessage());
    LOG.atLevel(failures == 1 ? Level.INFO : Level.DEBUG)
        .log("{} Next attempt in {} ms.", sentence, pause.toMillis());
    lock.lock();
    try {
      retryNow = false;
      if (closed) {
        return;
      }
    } finally {
      lock.unlock();
    }
    enter(new HubState.Offline(sentence, clock.instant().plus(pause)));
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !retryNow && !closed) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private void end(HubException reason) {
    failPending(reason);
    enter(new HubState.Ended(reason));
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private static HubException closedException() {
    return new HubException(Reason.CLOSED, "The hub client was closed.");
  }

  /** One connection, from the hub's challenge on; everything runs on the thread that reads. */
  private final class Attempt implements HubLink.Receiver {
    private final CompletableFuture<HubWelcome> welcome = new CompletableFuture<>();
    private volatile Instant renewAt = Instant.MAX;
    private boolean loggedIn;

    @Override
    public void received(HubLink link, FromHub message) throws HubException {
      switch (message.getMessageCase()) {
        case REFUSAL -> {
          Refusal refusal = message.getRefusal();
          throw HubException.refused(
              refusal.getCode(), refusal.getReason() + clocks(), refusal.getRetryAfterSeconds());
        }
        case PING ->
            link.send(
                ToHub.newBuilder()
                    .setPong(Pong.newBuilder().setId(message.getPing().getId()))
                    .build());
        case PONG -> {
          // That something came is all it is for.
        }
        case CHALLENGE -> {
          long hubClock = message.getChallenge().getClockMillis();
          clockAhead = hubClock == 0 ? null : Duration.ofMillis(clock.millis() - hubClock);
          link.send(login(message.getChallenge()));
        }
        case WELCOME -> {
          Welcome said = message.getWelcome();
          HubWelcome checked = HubWelcome.of(said);
          loggedIn = true;
          link.limit(checked.messageBytes());
          online = link;
          var _ =
              reconcile(said.getRevocationsVersion())
                  .completeOnTimeout(
                      Settled.NO, timing.connect().toMillis() / 2, TimeUnit.MILLISECONDS)
                  .thenAccept(_ -> welcome.complete(checked));
        }
        default -> {
          if (!loggedIn) {
            throw new HubException(
                Reason.PROTOCOL,
                "The hub sent " + message.getMessageCase() + " before it said welcome.");
          }
          HubClient.this.received(message);
        }
      }
    }

    private ToHub login(Challenge challenge) throws HubException {
      if (challenge.getVersionMin() > HubProtocol.VERSION
          || challenge.getVersionMax() < HubProtocol.VERSION) {
        throw new HubException(
            Reason.VERSION,
            "The hub speaks versions "
                + challenge.getVersionMin()
                + " to "
                + challenge.getVersionMax()
                + " of the protocol, this node version "
                + HubProtocol.VERSION
                + ". Bring the older one up to date.");
      }
      byte[] nonce = challenge.getNonce().toByteArray();
      if (nonce.length != HubProtocol.NONCE_BYTES || loggedIn) {
        throw new HubException(Reason.PROTOCOL, "The hub's challenge makes no sense.");
      }
      Instant now = clock.instant();
      renewAt = now.plus(timing.certificateLifetime().dividedBy(2));
      SealingCertificate certificate =
          credentials
              .sealingKey()
              .certificate(
                  credentials.identity(),
                  credentials.instance(),
                  now.plus(timing.certificateLifetime()));
      byte[] signature =
          credentials
              .identity()
              .sign(
                  HubProtocol.LOGIN_CONTEXT,
                  HubProtocol.signedByLogin(
                      nonce,
                      hub.fingerprint(),
                      credentials.mesh(),
                      credentials.instance(),
                      certificate));
      return ToHub.newBuilder()
          .setLogin(
              Login.newBuilder()
                  .setVersion(HubProtocol.VERSION)
                  .setNode(bytes(credentials.node().key()))
                  .setMesh(bytes(credentials.mesh().key()))
                  .setInstance(bytes(credentials.instance().value()))
                  .setSealingCertificate(ByteString.copyFrom(certificate.encoded()))
                  .setSignature(ByteString.copyFrom(signature))
                  .setSoftware(SOFTWARE))
          .build();
    }
  }

  /** What a wrong clock makes of everything that expires; nothing when they agree. */
  private String clocks() {
    Duration ahead = clockAhead;
    if (ahead == null || ahead.abs().compareTo(CLOCKS_AGREE) <= 0) {
      return "";
    }
    Duration apart = ahead.abs();
    String time = apart.toDays() > 1 ? apart.toDays() + " days" : apart.toMinutes() + " minutes";
    return " The clock of this machine is "
        + time
        + (ahead.isNegative() ? " behind" : " ahead of")
        + " the hub's: set the one that is wrong (timedatectl set-ntp true).";
  }

  private static ByteString bytes(Octets octets) {
    return ByteString.copyFrom(octets.toByteArray());
  }

  // ---- what the hub sends ----------------------------------------------------------------------

  private void received(FromHub message) throws HubException {
    switch (message.getMessageCase()) {
      case DELIVERY -> tell(deliveryListeners, delivery(message.getDelivery()));
      case PRESENCE -> tell(presenceListeners, presence(message.getPresence()));
      case REVOCATIONS -> {
        var _ = reconcile(message.getRevocations().getVersion());
      }
      case DRAINING -> {
        Draining draining = message.getDraining();
        tell(
            drainListeners,
            new HubDraining(
                Duration.ofSeconds(Integer.toUnsignedLong(draining.getStartsInSeconds())),
                Duration.ofSeconds(Integer.toUnsignedLong(draining.getLastsSeconds()))));
      }
      case ROUTE_REPORT -> answered(message.getRouteReport().getSequence(), message);
      case PUBLISH_REPORT -> answered(message.getPublishReport().getSequence(), message);
      case REVOCATIONS_PAGE -> answered(message.getRevocationsPage().getSequence(), message);
      case LOOKUP_REPLY -> listed(message);
      case FAILURE -> {
        var failure = message.getFailure();
        HubException reason =
            HubException.refused(
                failure.getCode(), failure.getReason(), failure.getRetryAfterSeconds());
        Pending asked = pending.remove(failure.getSequence());
        if (asked == null) {
          LOG.warn("{}", reason.getMessage());
        } else {
          asked.answer.completeExceptionally(reason);
        }
      }
      // A later version of the hub may send what this one does not know.
      default -> LOG.debug("Ignored {} from the hub", message.getMessageCase());
    }
  }

  private static SealedDelivery delivery(Delivery delivery) throws HubException {
    try {
      return new SealedDelivery(
          NodeId.of(delivery.getFromNode().toByteArray()),
          InstanceId.of(delivery.getFromInstance().toByteArray()),
          Octets.of(delivery.getBox().toByteArray()));
    } catch (IllegalArgumentException e) {
      throw new HubException(Reason.PROTOCOL, "The hub's delivery makes no sense.", e);
    }
  }

  private static PresenceEvent presence(PresenceUpdate update) throws HubException {
    try {
      return switch (update.getChangeCase()) {
        case JOINED -> new PresenceEvent.Joined(PresentInstance.of(update.getJoined()));
        case LEFT ->
            new PresenceEvent.Left(
                NodeId.of(update.getLeft().getNode().toByteArray()),
                InstanceId.of(update.getLeft().getInstance().toByteArray()));
        case CHANGE_NOT_SET ->
            throw new HubException(Reason.PROTOCOL, "The hub's presence update is empty.");
      };
    } catch (IllegalArgumentException e) {
      throw new HubException(Reason.PROTOCOL, "The hub's presence update makes no sense.", e);
    }
  }

  private void answered(long id, FromHub message) {
    Pending asked = pending.remove(id);
    if (asked != null) {
      asked.answer.complete(message);
    }
  }

  private void listed(FromHub message) throws HubException {
    var reply = message.getLookupReply();
    Pending asked = pending.get(reply.getSequence());
    if (asked == null) {
      return;
    }
    if (asked.instances.size() + reply.getInstancesCount() > MAX_LISTED_INSTANCES) {
      throw new HubException(Reason.PROTOCOL, "The hub's list of instances has no end.");
    }
    for (Instance instance : reply.getInstancesList()) {
      asked.instances.add(PresentInstance.of(instance));
    }
    if (!reply.getMore()) {
      answered(reply.getSequence(), message);
    }
  }

  /** Keeps the list if it is newer, and returns it then. */
  private Optional<Revocations> learn(Revocations list) {
    lock.lock();
    try {
      if (list.version() <= newest.version()) {
        return Optional.empty();
      }
      newest = list;
      return Optional.of(list);
    } finally {
      lock.unlock();
    }
  }

  /** Whether this side and the hub have the same list of revocations. */
  private enum Settled {
    YES,
    NO
  }

  /**
   * Gets a list that is newer at the hub, or brings it one that is newer here.
   *
   * @param versionOfHub what the hub says that it has
   */
  private CompletableFuture<Settled> reconcile(long versionOfHub) {
    Revocations known = revocations();
    if (known.version() == versionOfHub) {
      return CompletableFuture.completedFuture(Settled.YES);
    }
    if (known.version() > versionOfHub) {
      return pages.publish(known).handle((done, failure) -> settled(failure));
    }
    announced.accumulateAndGet(versionOfHub, Math::max);
    return fetch(ATTEMPTS_TO_FETCH);
  }

  /** Gets the newest list that was told of; whoever comes while that is under way need not. */
  private CompletableFuture<Settled> fetch(int attempts) {
    if (!fetching.compareAndSet(false, true)) {
      return CompletableFuture.completedFuture(Settled.NO);
    }
    return pages
        .fetch()
        .thenAccept(
            list -> list.flatMap(this::learn).ifPresent(newer -> tell(revocationListeners, newer)))
        .whenComplete((done, failure) -> fetching.set(false))
        .handle((done, failure) -> settled(failure))
        .thenCompose(
            settled -> {
              if (revocations().version() >= announced.get()) {
                return CompletableFuture.completedFuture(settled);
              }
              return attempts > 1 && online != null
                  ? CompletableFuture.supplyAsync(
                          () -> attempts - 1,
                          CompletableFuture.delayedExecutor(
                              FETCH_PAUSE.toMillis(), TimeUnit.MILLISECONDS))
                      .thenCompose(this::fetch)
                  : CompletableFuture.completedFuture(Settled.NO);
            });
  }

  private static Settled settled(@Nullable Throwable failure) {
    if (failure == null) {
      return Settled.YES;
    }
    LOG.warn("The revocations here and at the hub differ: {}", failure.getMessage());
    return Settled.NO;
  }

  // ---- what is asked of the hub ----------------------------------------------------------------

  /** Something that was asked; the lists of a long reply arrive one after another. */
  private static final class Pending {
    private final CompletableFuture<FromHub> answer = new CompletableFuture<>();
    private final List<PresentInstance> instances = new ArrayList<>();
  }

  private record Asked(Pending pending, CompletableFuture<FromHub> answer) {}

  private Asked ask(RevocationPages.Request asking) {
    long id = sequence.incrementAndGet();
    Pending asked = new Pending();
    pending.put(id, asked);
    try {
      HubLink link = online;
      if (link == null) {
        throw offline();
      }
      link.send(asking.with(id));
    } catch (HubException e) {
      asked.answer.completeExceptionally(e);
    }
    CompletableFuture<FromHub> outcome = new CompletableFuture<>();
    var _ =
        asked
            .answer
            .orTimeout(timing.request().toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete(
                (message, failure) -> {
                  pending.remove(id);
                  later(() -> settle(outcome, message, failure));
                });
    return new Asked(asked, outcome);
  }

  private void settle(
      CompletableFuture<FromHub> outcome, @Nullable FromHub message, @Nullable Throwable failure) {
    switch (failure) {
      case null -> outcome.complete(message);
      case TimeoutException late ->
          outcome.completeExceptionally(
              new HubException(
                  Reason.TIMEOUT,
                  "The hub did not answer within " + timing.request().toMillis() + " ms.",
                  late));
      default -> outcome.completeExceptionally(failure);
    }
  }

  private HubException offline() {
    return switch (state()) {
      case HubState.Offline(String reason, Instant next) ->
          new HubException(
              Reason.OFFLINE,
              "There is no connection to the hub: " + reason + " (until " + next + ")");
      case HubState.Ended(HubException reason) ->
          new HubException(reason.reason(), String.valueOf(reason.getMessage()), reason);
      case HubState.Online(HubWelcome welcome) ->
          new HubException(Reason.OFFLINE, "The connection to the hub was lost just now.");
    };
  }

  private void failPending(HubException reason) {
    for (Long id : List.copyOf(pending.keySet())) {
      Pending asked = pending.remove(id);
      if (asked != null) {
        asked.answer.completeExceptionally(reason);
      }
    }
  }

  /** Completes futures where those who wait for them may block. */
  private void later(Runnable completion) {
    try {
      executor.execute(completion);
    } catch (RejectedExecutionException closing) {
      LOG.debug("Completed while closing", closing);
      completion.run();
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
    return ask(id -> ToHub.newBuilder().setRoute(route.setSequence(id)).build())
        .answer
        .thenCompose(
            message ->
                message.hasRouteReport()
                    ? CompletableFuture.completedFuture(message.getRouteReport().getDelivered())
                    : mismatch(message));
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
    return listing(ask(id -> ToHub.newBuilder().setLookup(lookup.setSequence(id)).build()));
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
    Asked asked =
        ask(
            id ->
                ToHub.newBuilder().setWhoIsThere(WhoIsThere.newBuilder().setSequence(id)).build());
    return listing(asked)
        .thenCombine(
            asked.answer,
            (present, last) ->
                new Attendance(
                    present,
                    last.getLookupReply().getUnsettled()
                        ? Attendance.Outlook.UNSETTLED
                        : Attendance.Outlook.SETTLED));
  }

  private static CompletableFuture<List<PresentInstance>> listing(Asked asked) {
    return asked.answer.thenCompose(
        message ->
            message.hasLookupReply()
                ? CompletableFuture.completedFuture(List.copyOf(asked.pending.instances))
                : mismatch(message));
  }

  private static <T> CompletableFuture<T> mismatch(FromHub message) {
    return CompletableFuture.failedFuture(
        new HubException(
            Reason.PROTOCOL, "The hub answered with " + message.getMessageCase() + "."));
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
    var _ = learn(list);
    return pages.publish(list);
  }

  /**
   * As {@link #publish}, when the list is new here; nobody waits for it. A hub that is away gets it
   * when it is back.
   */
  public void inform(Revocations list) {
    if (learn(list).isPresent() && online != null) {
      var _ = reconcile(0);
    }
  }

  /** The newest list of revocations that was published here or came from the hub; proven. */
  public Revocations revocations() {
    lock.lock();
    try {
      return newest;
    } finally {
      lock.unlock();
    }
  }

  /** Calls {@code listener} with every box that is delivered. */
  public void onDelivery(Consumer<SealedDelivery> listener) {
    deliveryListeners.add(listener);
  }

  /**
   * Calls {@code listener} with every change among the processes of the mesh. Changes while there
   * is no connection are not told: ask {@link #whoIsThere} after each login.
   */
  public void onPresence(Consumer<PresenceEvent> listener) {
    presenceListeners.add(listener);
  }

  /** Calls {@code listener} with every newer list of revocations of the mesh; proven. */
  public void onRevocations(Consumer<Revocations> listener) {
    revocationListeners.add(listener);
  }

  /** Calls {@code listener} when the hub says that it is going to be stopped on purpose. */
  public void onDraining(Consumer<HubDraining> listener) {
    drainListeners.add(listener);
  }

  /**
   * Logs out and ends all threads and sockets of the client, within a few seconds at most. What is
   * still unanswered fails.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    HubLink link = online;
    if (link != null) {
      link.leave(FAREWELL);
    }
    supervisor.interrupt();
    boolean interrupted = Thread.interrupted();
    try {
      if (!supervisor.equals(Thread.currentThread())) {
        var _ = supervisor.join(CLOSE_PATIENCE);
      }
      http.shutdownNow();
      executor.shutdownNow();
      if (!http.awaitTermination(CLOSE_PATIENCE)
          || !executor.awaitTermination(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("Some threads of the hub client take long to end");
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
