package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubDraining;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.RelayPass;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hub that is stopped on purpose: it says so before, and lets what it relays come to an end. */
@Timeout(60)
class HubDrainTest {
  private static final int DRAINING = 4003;
  private static final HubDraining LONG =
      new HubDraining(Duration.ofSeconds(50), Duration.ofMinutes(3));

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private static RelayPass pass(HubClient client) {
    HubState.Online online = assertInstanceOf(HubState.Online.class, client.state());
    return online.welcome().relay().orElseThrow().pass();
  }

  private RelayPeer peer(Hub hub, RelayPass pass, CircuitId circuit) throws Exception {
    return fixture.closing(new RelayPeer(Fixture.addressOf(hub))).enter(pass, circuit);
  }

  private RelayPeer[] spliced(Hub hub, RelayPass pass) throws Exception {
    CircuitId circuit = CircuitId.random(fixture.random);
    RelayPeer[] both = {peer(hub, pass, circuit), peer(hub, pass, circuit)};
    both[0].granted();
    both[1].granted();
    return both;
  }

  private static CompletableFuture<Void> draining(Hub hub, HubDraining notice) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            hub.drain(notice);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        },
        Thread::startVirtualThread);
  }

  private static HubDraining next(BlockingQueue<HubDraining> heard) throws InterruptedException {
    HubDraining notice = heard.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    assertNotNull(notice, "the hub says nothing");
    return notice;
  }

  @Test
  void everybodyHearsOfItWhateverTheirMesh() throws Exception {
    Hub hub = fixture.hub();
    BlockingQueue<HubDraining> one = new LinkedBlockingQueue<>();
    BlockingQueue<HubDraining> other = new LinkedBlockingQueue<>();
    fixture.client(hub).onDraining(one::add);
    try (Fixture elsewhere = new Fixture()) {
      HubClient stranger = elsewhere.client(hub);
      stranger.onDraining(other::add);
      hub.drain(LONG);
      assertEquals(LONG, next(one));
      assertEquals(LONG, next(other));
    }
  }

  @Test
  void aHubWithoutARelayOnlySaysSo() throws Exception {
    Hub hub = fixture.hub(fixture.config().withRelay(Optional.empty()));
    BlockingQueue<HubDraining> heard = new LinkedBlockingQueue<>();
    fixture.client(hub).onDraining(heard::add);
    hub.drain(LONG);
    assertEquals(LONG, next(heard));
  }

  @Test
  void theNodesStayLoggedInUntilItIsClosed() throws Exception {
    Hub hub = fixture.hub();
    HubClient client = fixture.client(hub);
    BlockingQueue<HubState> states = new LinkedBlockingQueue<>();
    client.onState(states::add);
    hub.drain(LONG);
    assertEquals(1, Fixture.get(client.whoIsThere()).size());
    assertEquals(true, Fixture.stayedOnline(states));
    hub.close();
    Fixture.awaitOffline(states);
  }

  @Test
  void itEndsAtOnceWhenNothingIsRelayed() throws Exception {
    Hub hub = fixture.hub();
    hub.drain(LONG);
    assertEquals(0, hub.circuits());
  }

  @Test
  void whatIsRelayedGoesOnAndNothingNewBegins() throws Exception {
    Hub hub = fixture.hub();
    HubClient client = fixture.client(hub);
    BlockingQueue<HubDraining> heard = new LinkedBlockingQueue<>();
    client.onDraining(heard::add);
    RelayPeer[] old = spliced(hub, pass(client));
    CompletableFuture<Void> drain = draining(hub, LONG);
    next(heard);
    RelayPeer refused = peer(hub, pass(client), CircuitId.random(fixture.random));
    // The notice is out before the door is shut; who slips in meets nobody.
    RelayPeer.End end = refused.end();
    if (end.code() != DRAINING) {
      refused = peer(hub, pass(client), CircuitId.random(fixture.random));
    }
    refused.assertEnded(DRAINING, "The hub is about to be stopped.");
    old[0].send(new byte[] {9});
    assertArrayEquals(new byte[] {9}, old[1].read(1));
    assertFalse(drain.isDone());
    old[0].leave();
    Fixture.get(drain);
    assertEquals(0, hub.circuits());
  }

  @Test
  void whoIsAwaitedMayStillCome() throws Exception {
    Hub hub = fixture.hub();
    HubClient client = fixture.client(hub);
    CircuitId circuit = CircuitId.random(fixture.random);
    RelayPeer first = peer(hub, pass(client), circuit);
    Fixture.until(() -> hub.circuits() > 0);
    BlockingQueue<HubDraining> heard = new LinkedBlockingQueue<>();
    client.onDraining(heard::add);
    CompletableFuture<Void> drain = draining(hub, LONG);
    next(heard);
    RelayPeer second = peer(hub, pass(client), circuit);
    first.granted();
    second.granted();
    first.leave();
    Fixture.get(drain);
  }

  @Test
  void itDoesNotWaitLongerThanItSaid() throws Exception {
    Hub hub = fixture.hub();
    RelayPeer[] stays = spliced(hub, pass(fixture.client(hub)));
    hub.drain(new HubDraining(Duration.ofSeconds(1), Duration.ZERO));
    assertEquals(1, hub.circuits());
    assertFalse(stays[0].isOver());
  }

  @Test
  void whatIsStillRelayedWhenTheHubClosesIsToldWhy() throws Exception {
    Hub hub = fixture.hub();
    RelayPeer[] stays = spliced(hub, pass(fixture.client(hub)));
    hub.drain(new HubDraining(Duration.ZERO, Duration.ZERO));
    hub.close();
    for (RelayPeer peer : stays) {
      peer.assertEnded(DRAINING, "The hub is being shut down.");
    }
  }
}
