package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Users are simulated: each circuit sends a piece as soon as it may, on a clock of its own. */
class FairShareTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final long SECOND = 1_000_000_000L;
  private static final int RATE = 1_000_000;
  private static final int PIECE = 8_000;

  private final FairShare share = new FairShare(RATE);
  private final NodeId alice = Identity.generate(RANDOM).id();
  private final NodeId bob = Identity.generate(RANDOM).id();
  private final NodeId carol = Identity.generate(RANDOM).id();

  /** A circuit that always has something to send, from one moment to another. */
  private static final class Sender {
    private final NodeId user;
    private final long until;
    private long next;
    private long sent;

    Sender(NodeId user, long from, long until) {
      this.user = user;
      this.next = from;
      this.until = until;
    }
  }

  private static void simulate(FairShare share, List<Sender> senders, long from, long until) {
    PriorityQueue<Sender> queue =
        new PriorityQueue<>((one, other) -> Long.compare(one.next - from, other.next - from));
    queue.addAll(senders);
    for (Sender sender = queue.poll(); sender != null; sender = queue.poll()) {
      long now = sender.next;
      if (now - Math.min(sender.until, until) >= 0) {
        continue;
      }
      sender.sent += PIECE;
      // The line takes time for a piece even when nothing holds it back.
      sender.next = now + Math.max(1000, share.used(sender.user, PIECE, now));
      queue.add(sender);
    }
  }

  private static List<Sender> circuits(NodeId user, int count, long from, long until) {
    List<Sender> circuits = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      circuits.add(new Sender(user, from + i, until));
    }
    return circuits;
  }

  private static double sent(List<Sender> senders) {
    return senders.stream().mapToDouble(sender -> sender.sent).sum();
  }

  private static void assertAbout(double expected, double actual, double tolerance) {
    assertTrue(
        Math.abs(actual - expected) <= expected * tolerance,
        () -> actual + " is not about " + expected);
  }

  @Test
  void withoutARateNobodyWaits() {
    FairShare free = new FairShare(0);
    for (int i = 0; i < 1000; i++) {
      assertEquals(0, free.used(alice, Integer.MAX_VALUE, i));
    }
  }

  @Test
  void oneUserHasTheWholeRate() {
    List<Sender> circuits = circuits(alice, 1, 0, 10 * SECOND);
    simulate(share, circuits, 0, 10 * SECOND);
    assertAbout(10.0 * RATE, sent(circuits), 0.02);
  }

  @Test
  void theRateIsKeptHoweverManyCircuitsThereAre() {
    List<Sender> circuits = circuits(alice, 50, 0, 20 * SECOND);
    simulate(share, circuits, 0, 20 * SECOND);
    assertAbout(20.0 * RATE, sent(circuits), 0.05);
  }

  @Test
  void theRateIsKeptHoweverManyUsersThereAre() {
    List<Sender> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.addAll(circuits(Identity.generate(RANDOM).id(), 1 + i % 3, 0, 60 * SECOND));
    }
    simulate(share, all, 0, 60 * SECOND);
    assertAbout(60.0 * RATE, sent(all), 0.05);
  }

  @Test
  void whoHasManyCircuitsGetsNoMoreThanWhoHasOne() {
    List<Sender> many = circuits(alice, 8, 0, 20 * SECOND);
    List<Sender> one = circuits(bob, 1, 0, 20 * SECOND);
    List<Sender> all = new ArrayList<>(many);
    all.addAll(one);
    simulate(share, all, 0, 20 * SECOND);
    assertAbout(1, sent(many) / sent(one), 0.1);
    assertAbout(20.0 * RATE, sent(all), 0.05);
  }

  @Test
  void whoStopsLeavesItsShareToTheOthers() {
    List<Sender> stays = circuits(alice, 1, 0, 20 * SECOND);
    List<Sender> stops = circuits(bob, 3, 0, 10 * SECOND);
    List<Sender> all = new ArrayList<>(stays);
    all.addAll(stops);
    simulate(share, all, 0, 20 * SECOND);
    assertAbout(5.0 * RATE, sent(stops), 0.05);
    // Half of the rate for ten seconds, and all of it for nearly ten.
    assertAbout(15.0 * RATE, sent(stays), 0.1);
  }

  @Test
  void whoComesLaterGetsItsShare() {
    List<Sender> first = circuits(alice, 4, 0, 20 * SECOND);
    List<Sender> second = circuits(bob, 1, 10 * SECOND, 20 * SECOND);
    List<Sender> all = new ArrayList<>(first);
    all.addAll(second);
    simulate(share, all, 0, 20 * SECOND);
    assertAbout(5.0 * RATE, sent(second), 0.1);
    assertAbout(15.0 * RATE, sent(first), 0.1);
  }

  @Test
  void whoSendsLittleDoesNotWaitForThoseWhoSendMuch() {
    List<Sender> greedy = circuits(alice, 8, 0, 10 * SECOND);
    long now = 0;
    for (int i = 0; i < 100; i++) {
      simulate(share, greedy, now, now + SECOND / 10);
      now += SECOND / 10;
      assertEquals(0, share.used(carol, 1000, now), "after " + i + " messages");
    }
  }

  @Test
  void whoDidNotSendForLongSavesNothingUp() {
    long pause = share.used(alice, RATE, 0);
    assertTrue(pause > SECOND * 9 / 10, () -> pause + " ns");
    long later = share.used(alice, RATE, 1000 * SECOND);
    assertEquals(pause, later);
  }

  @Test
  void aClockThatIsNegativeOrOverflowsChangesNothing() {
    long start = Long.MAX_VALUE - 5 * SECOND;
    List<Sender> many = circuits(alice, 4, start, start + 10 * SECOND);
    List<Sender> one = circuits(bob, 1, start, start + 10 * SECOND);
    List<Sender> all = new ArrayList<>(many);
    all.addAll(one);
    simulate(share, all, start, start + 10 * SECOND);
    assertAbout(1, sent(many) / sent(one), 0.1);
    assertAbout(10.0 * RATE, sent(all), 0.05);
  }

  @Test
  void randomUsersShareEquallyWhileAllAreActive() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 100; round++) {
      FairShare fresh = new FairShare(RATE);
      int users = 2 + random.nextInt(6);
      List<List<Sender>> perUser = new ArrayList<>();
      List<Sender> all = new ArrayList<>();
      for (int user = 0; user < users; user++) {
        List<Sender> circuits =
            circuits(Identity.generate(RANDOM).id(), 1 + random.nextInt(10), 0, Long.MAX_VALUE);
        perUser.add(circuits);
        all.addAll(circuits);
      }
      simulate(fresh, all, 0, 30 * SECOND);
      double fair = 30.0 * RATE / users;
      for (List<Sender> circuits : perUser) {
        double got = sent(circuits);
        assertTrue(
            Math.abs(got - fair) < fair * 0.15,
            () -> "seed " + seed + ": " + got + " bytes instead of " + fair);
      }
    }
  }
}
