package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.godwit.identity.HubCertificate;
import dev.godwit.identity.Identity;
import dev.godwit.membership.MeshKey;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.HubTiming;
import dev.godwit.signaling.RelayLimits;
import dev.godwit.signaling.SignalHandler;
import dev.godwit.signaling.Signaling;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Hubs and clients on the loopback interface that all end with the test. */
final class Fixture implements AutoCloseable {

  static final Duration PATIENCE = Patience.seconds(20);

  /** Patient with the hub, quick to come back. */
  static final HubTiming TIMING =
      new HubTiming(
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofMillis(500),
          Duration.ofSeconds(20),
          Duration.ofMillis(50),
          Duration.ofMillis(400),
          Duration.ofDays(1));

  final SecureRandom random = new SecureRandom();
  final InstantSource clock = InstantSource.system();
  final MeshKey mesh = MeshKey.generate(random);
  final HubCertificate certificate = HubCertificate.generate(clock, random);
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  HubConfig config() {
    return new HubConfig(
        loopback(0),
        OptionalInt.empty(),
        certificate,
        HubLimits.defaults(),
        Optional.of(RelayLimits.defaults()),
        Optional.empty(),
        clock,
        random);
  }

  static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  Hub hub() throws IOException {
    return hub(config());
  }

  Hub hub(HubConfig config) throws IOException {
    return closing(Hub.start(config));
  }

  <T extends AutoCloseable> T closing(T resource) {
    open.push(resource);
    return resource;
  }

  static HubAddress addressOf(Hub hub) {
    return new HubAddress(
        hub.address().getAddress().getHostAddress(), hub.address().getPort(), hub.fingerprint());
  }

  Identity identity() {
    return Identity.generate(random);
  }

  Credentials credentials(Identity identity) {
    return new Credentials(
        identity, mesh.id(), InstanceId.random(random), SealingKey.generate(random));
  }

  HubClient client(HubAddress hub, Credentials credentials) {
    return closing(HubClient.start(hub, credentials, TIMING, clock, random));
  }

  /** A client that is logged in. */
  HubClient client(Hub hub, Identity identity) throws Exception {
    HubClient client = client(addressOf(hub), credentials(identity));
    client.awaitOnline(PATIENCE);
    return client;
  }

  HubClient client(Hub hub) throws Exception {
    return client(hub, identity());
  }

  Signaling signaling(HubClient client, SignalHandler handler) {
    return closing(new Signaling(client, handler, clock, random));
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Waits for a state, whatever comes before it. */
  static HubState await(BlockingQueue<HubState> states, Predicate<HubState> wanted)
      throws InterruptedException {
    List<HubState> others = new ArrayList<>();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      HubState state = states.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      assertNotNull(state, () -> "the state does not come, only " + others);
      if (wanted.test(state)) {
        return state;
      }
      others.add(state);
    }
  }

  static void awaitOnline(BlockingQueue<HubState> states) throws InterruptedException {
    await(states, HubState.Online.class::isInstance);
  }

  static void awaitOffline(BlockingQueue<HubState> states) throws InterruptedException {
    await(states, HubState.Offline.class::isInstance);
  }

  /** Waits for what nobody announces. */
  static void until(Callable<Boolean> condition) throws Exception {
    Patience.until("what the test waits for", condition);
  }

  /** Whether none of the states is one without the hub. */
  static boolean stayedOnline(BlockingQueue<HubState> states) {
    return states.stream().allMatch(HubState.Online.class::isInstance);
  }

  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
