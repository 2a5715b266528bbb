package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.path.PathRank;
import dev.godwit.path.Way;
import dev.godwit.session.RemoteException;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import dev.godwit.testing.Patience;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PathRaceTest {
  private static final Duration PATIENCE = Patience.seconds(20);
  private static final int ANYTHING = Integer.MAX_VALUE;

  private final BlockingQueue<Connection> better = new LinkedBlockingQueue<>();
  private final CountDownLatch end = new CountDownLatch(1);
  private final PathRace race = new PathRace(ANYTHING, better::add);
  private final FakeConnection quic = FakeConnection.over("quic");
  private final FakeConnection tls = FakeConnection.over("tls");
  private final FakeConnection relay = FakeConnection.over("relay");

  @AfterEach
  void release() {
    end.countDown();
  }

  /** Comes to nothing before the test is over. */
  private Connection never() throws IOException {
    try {
      end.await();
      throw new IOException("the test is over");
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static PathRace.Attempt failing(String why) {
    return () -> {
      throw new IOException(why);
    };
  }

  private static Connection get(CompletableFuture<Connection> future) throws IOException {
    try {
      return future.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private static String reason(FakeConnection connection) throws Exception {
    return connection.closed().get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void theOnlyWayWins() throws Exception {
    race.run(Way.QUIC, () -> quic);
    assertSame(quic, race.first(PATIENCE));
    assertTrue(quic.isOpen());
  }

  @Test
  void theBestWayWinsAtOnceWhateverTheOthersDo() throws Exception {
    race.run(Way.RELAY, this::never);
    race.run(Way.TLS, this::never);
    race.run(Way.QUIC, () -> quic);
    assertSame(quic, race.first(PATIENCE));
  }

  @Test
  void aWorseWayWinsWhenTheBetterOnesFail() throws Exception {
    race.run(Way.QUIC, failing("filtered"));
    race.run(Way.TLS, failing("refused"));
    race.run(Way.RELAY, () -> relay);
    assertSame(relay, race.first(PATIENCE));
  }

  @Test
  void aWorseWayWinsWhenTheBetterOnesTakeLong() throws Exception {
    race.run(Way.QUIC, this::never);
    race.run(Way.RELAY, () -> relay);
    assertSame(relay, race.first(PATIENCE));
    assertTrue(relay.isOpen());
  }

  @Test
  void whatComesLaterAndIsBetterIsTold() throws Exception {
    CompletableFuture<Connection> late = new CompletableFuture<>();
    race.run(Way.QUIC, () -> get(late));
    race.run(Way.RELAY, () -> relay);
    assertSame(relay, race.first(PATIENCE));
    late.complete(quic);
    assertSame(quic, better.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    assertTrue(quic.isOpen());
    // It was taken, and is now the business of who took it.
    assertTrue(relay.isOpen());
  }

  @Test
  void whatComesLaterAndIsWorseIsClosed() throws Exception {
    CompletableFuture<Connection> late = new CompletableFuture<>();
    race.run(Way.RELAY, () -> get(late));
    race.run(Way.QUIC, () -> quic);
    assertSame(quic, race.first(PATIENCE));
    late.complete(relay);
    assertEquals("another path is better", reason(relay));
    assertTrue(better.isEmpty());
  }

  @Test
  void ofTwoAlikeTheFirstStays() throws Exception {
    FakeConnection twin = FakeConnection.over("quic");
    race.run(Way.QUIC, () -> quic);
    assertSame(quic, race.first(PATIENCE));
    race.arrived(twin);
    assertEquals("another path is better", reason(twin));
    assertTrue(better.isEmpty());
  }

  @Test
  void whatIsBeatenBeforeItIsTakenIsClosed() throws Exception {
    race.run(Way.TLS, this::never);
    race.arrived(relay);
    race.arrived(tls);
    assertEquals("another path is better", reason(relay));
    race.run(Way.QUIC, () -> quic);
    assertSame(quic, race.first(PATIENCE));
    assertEquals("another path is better", reason(tls));
    assertTrue(better.isEmpty());
  }

  @Test
  void aConnectionThatThePeerMadeCounts() throws Exception {
    race.run(Way.TLS, failing("no address"));
    race.run(Way.QUIC, this::never);
    race.arrived(tls);
    assertSame(tls, race.first(PATIENCE));
  }

  @Test
  void whenEveryWayFailsEachSaysWhy() {
    race.run(Way.QUIC, failing("no answer"));
    race.run(Way.TLS, failing("connection refused"));
    race.run(Way.RELAY, failing("the hub relays nothing"));
    IOException failure = assertThrows(IOException.class, () -> race.first(PATIENCE));
    for (String part :
        List.of("quic: no answer", "tls: connection refused", "relay: the hub relays nothing")) {
      assertTrue(String.valueOf(failure.getMessage()).contains(part), failure::getMessage);
    }
    assertTrue(race.isOver());
  }

  @Test
  void anAttemptThatBreaksIsOneThatFails() {
    race.run(
        Way.QUIC,
        () -> {
          throw new IllegalStateException("a defect");
        });
    IOException failure = assertThrows(IOException.class, () -> race.first(PATIENCE));
    assertTrue(String.valueOf(failure.getMessage()).contains("a defect"), failure::getMessage);
  }

  @Test
  void aRefusalOfThePeerIsFinal() {
    RemoteException refusal = new RemoteException(Failure.Code.NOT_A_MEMBER, "go away");
    race.run(Way.TLS, this::never);
    race.run(
        Way.QUIC,
        () -> {
          throw refusal;
        });
    assertSame(refusal, assertThrows(RemoteException.class, () -> race.first(PATIENCE)));
  }

  @Test
  void aRefusalOnOneWayDoesNotSpoilAnotherThatWorks() throws Exception {
    race.arrived(relay);
    CountDownLatch refused = new CountDownLatch(1);
    race.run(
        Way.QUIC,
        () -> {
          refused.countDown();
          throw new RemoteException(Failure.Code.NOT_A_MEMBER, "go away");
        });
    race.run(Way.TLS, this::never);
    assertTrue(refused.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    while (race.why().isEmpty()) {
      Thread.onSpinWait();
    }
    assertSame(relay, race.first(PATIENCE));
  }

  @Test
  void patienceEnds() {
    race.run(Way.QUIC, this::never);
    race.run(Way.TLS, failing("refused"));
    IOException failure = assertThrows(IOException.class, () -> race.first(Duration.ofMillis(300)));
    assertTrue(
        String.valueOf(failure.getMessage()).contains("nothing within"), failure::getMessage);
    assertFalse(race.isOver());
  }

  @Test
  void whatComesAfterPatienceHasEndedIsClosed() throws Exception {
    CompletableFuture<Connection> late = new CompletableFuture<>();
    CountDownLatch begun = new CountDownLatch(1);
    race.run(
        Way.QUIC,
        () -> {
          begun.countDown();
          return get(late);
        });
    assertTrue(begun.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    assertThrows(IOException.class, () -> race.first(Duration.ofMillis(10)));
    late.complete(quic);
    assertFalse(reason(quic).isEmpty());
    assertTrue(better.isEmpty());
  }

  @Test
  void onlyWhatIsBetterThanBeforeIsTried() throws Exception {
    PathRace improving = new PathRace(PathRank.of(tls.path()), better::add);
    AtomicBoolean tried = new AtomicBoolean();
    for (Way way : List.of(Way.TLS, Way.WEBRTC, Way.RELAY)) {
      improving.run(
          way,
          () -> {
            tried.set(true);
            return relay;
          });
    }
    assertTrue(improving.isOver());
    assertThrows(IOException.class, () -> improving.first(PATIENCE));
    assertFalse(tried.get());
  }

  @Test
  void whatIsNotBetterThanBeforeIsClosed() throws Exception {
    PathRace improving = new PathRace(PathRank.of(relay.path()), better::add);
    FakeConnection foreign = FakeConnection.over(Path.Kind.RELAY, "webrtc");
    improving.run(Way.WEBRTC, () -> foreign);
    assertThrows(IOException.class, () -> improving.first(PATIENCE));
    assertEquals("another path is better", reason(foreign));
  }

  @Test
  void aLateStarterDoesNotStartWhenThereIsSomethingBetter() throws Exception {
    AtomicBoolean started = new AtomicBoolean();
    race.run(Way.QUIC, () -> quic);
    race.run(
        Way.WEBRTC,
        Duration.ofSeconds(30),
        () -> {
          started.set(true);
          return never();
        });
    assertSame(quic, race.first(PATIENCE));
    while (!race.isOver()) {
      Thread.onSpinWait();
    }
    assertFalse(started.get());
  }

  @Test
  void aLateStarterStartsWhenThereIsOnlySomethingWorse() throws Exception {
    FakeConnection webrtc = FakeConnection.over(Path.Kind.PUNCHED, "webrtc");
    race.run(Way.RELAY, () -> relay);
    race.run(Way.WEBRTC, Duration.ofMillis(400), () -> webrtc);
    assertSame(relay, race.first(PATIENCE));
    assertSame(webrtc, better.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void anAbandonedRaceClosesWhateverComes() throws Exception {
    CompletableFuture<Connection> late = new CompletableFuture<>();
    CountDownLatch begun = new CountDownLatch(1);
    race.run(
        Way.QUIC,
        () -> {
          begun.countDown();
          return get(late);
        });
    assertTrue(begun.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    race.abandon();
    late.complete(quic);
    assertEquals("another path is better", reason(quic));
    assertThrows(IOException.class, () -> race.first(PATIENCE));
    race.run(Way.TLS, () -> tls);
    assertTrue(tls.isOpen());
    assertNull(better.poll());
  }

  @Test
  void anAbandonedRaceClosesWhatNobodyTook() throws Exception {
    race.arrived(relay);
    race.abandon();
    assertFalse(reason(relay).isEmpty());
  }

  @Test
  void anAbandonedRaceLeavesWhatWasTaken() throws Exception {
    race.run(Way.QUIC, () -> quic);
    assertSame(quic, race.first(PATIENCE));
    race.abandon();
    assertTrue(quic.isOpen());
  }

  @Test
  void ofWhateverComesInWhateverOrderExactlyTheBestStaysOpen() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> names = List.of("quic", "tls", "webrtc", "relay");
    for (int round = 0; round < 300; round++) {
      BlockingQueue<Connection> told = new LinkedBlockingQueue<>();
      PathRace one = new PathRace(ANYTHING, told::add);
      List<FakeConnection> all = new ArrayList<>();
      int count = 1 + random.nextInt(6);
      int takenAfter = 1 + random.nextInt(count);
      Connection held = null;
      for (int i = 0; i < count; i++) {
        FakeConnection next = FakeConnection.over(names.get(random.nextInt(names.size())));
        all.add(next);
        one.arrived(next);
        if (i + 1 == takenAfter) {
          held = one.first(PATIENCE);
        }
        // As a keeper does: it moves, and closes what it had.
        Connection found = told.poll();
        if (found != null && held != null) {
          held.close("moved");
          held = found;
        }
      }
      List<FakeConnection> open = all.stream().filter(FakeConnection::isOpen).toList();
      int best =
          all.stream().mapToInt(connection -> PathRank.of(connection.path())).min().orElseThrow();
      assertEquals(
          List.of(String.valueOf(held)),
          open.stream().map(String::valueOf).toList(),
          "seed " + seed);
      assertEquals(best, PathRank.of(open.getFirst().path()), "seed " + seed);
    }
  }
}
