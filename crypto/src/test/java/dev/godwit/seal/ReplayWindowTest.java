package dev.godwit.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.seal.ReplayWindow.Verdict;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReplayWindowTest {

  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration WINDOW = Duration.ofSeconds(60);

  private final SecureRandom random = new SecureRandom();
  private final NodeId sender = Identity.generate(random).id();
  private Instant now = START;
  private final ReplayWindow window = new ReplayWindow(() -> now, WINDOW, 3);

  @Test
  void aMessageIsFreshOnce() {
    MessageId id = MessageId.random(random);
    assertEquals(Verdict.FRESH, window.admit(sender, id, now));
    assertEquals(Verdict.REPEATED, window.admit(sender, id, now));
    assertEquals(Verdict.REPEATED, window.admit(sender, id, now.plusSeconds(1)));
  }

  @Test
  void anOpenedBoxIsFreshOnce() throws SealException {
    Identity alice = Identity.generate(random);
    Identity bob = Identity.generate(random);
    SealingKey key = SealingKey.generate(random);
    byte[] box =
        SealedBox.seal(
            key.certificate(bob, InstanceId.random(random), now),
            alice,
            new byte[0],
            () -> now,
            random);
    assertEquals(
        Verdict.FRESH,
        window.admit(SealedBox.open(key, bob.id(), box), ReplayWindow.Standing.KNOWN));
    assertEquals(
        Verdict.REPEATED,
        window.admit(SealedBox.open(key, bob.id(), box), ReplayWindow.Standing.KNOWN));
  }

  @Test
  void oneSenderDoesNotUseUpTheNumbersOfAnother() {
    MessageId id = MessageId.random(random);
    assertEquals(Verdict.FRESH, window.admit(sender, id, now));
    assertEquals(Verdict.FRESH, window.admit(Identity.generate(random).id(), id, now));
  }

  @Test
  void aTimeOutsideTheWindowIsRefused() {
    assertEquals(Verdict.FRESH, admitNew(now.minus(WINDOW)));
    assertEquals(Verdict.TOO_OLD, admitNew(now.minus(WINDOW).minusMillis(1)));
    assertEquals(Verdict.FRESH, admitNew(now.plus(WINDOW)));
    assertEquals(Verdict.FROM_THE_FUTURE, admitNew(now.plus(WINDOW).plusMillis(1)));
  }

  @Test
  void aFullWindowRefusesUntilMessagesAreOld() {
    for (int i = 0; i < 3; i++) {
      assertEquals(Verdict.FRESH, admitNew(now));
    }
    assertEquals(Verdict.FULL, admitNew(now));
    now = now.plus(WINDOW).plusMillis(1);
    assertEquals(Verdict.FRESH, admitNew(now));
  }

  @Test
  void aClockThatGoesBackOpensNothing() {
    MessageId id = MessageId.random(random);
    assertEquals(Verdict.FRESH, window.admit(sender, id, START));
    now = START.plus(WINDOW).plusSeconds(1);
    assertEquals(Verdict.FRESH, admitNew(now));
    now = START;
    assertEquals(Verdict.TOO_OLD, window.admit(sender, id, START));
  }

  @Test
  void nothingIsEverFreshTwice() {
    long seed = System.nanoTime();
    Random choices = new Random(seed);
    Map<MessageId, Instant> sent = new HashMap<>();
    ReplayWindow large = new ReplayWindow(() -> now, WINDOW, 50);
    Map<MessageId, Integer> fresh = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      now = now.plusMillis(choices.nextInt(4_000) - 1_000);
      byte[] number = new byte[MessageId.BYTES];
      number[0] = (byte) (i / 200);
      number[1] = (byte) choices.nextInt(20);
      MessageId id = MessageId.of(number);
      Instant at = sent.computeIfAbsent(id, _ -> now.plusSeconds(choices.nextInt(140) - 70));
      if (large.admit(sender, id, at) == Verdict.FRESH) {
        fresh.merge(id, 1, Integer::sum);
      }
    }
    assertEquals(0, fresh.values().stream().filter(times -> times > 1).count(), "seed " + seed);
    assertTrue(fresh.size() > 100, "seed " + seed);
  }

  @Test
  void anEmptyWindowIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new ReplayWindow(() -> now, Duration.ZERO, 1));
    assertThrows(IllegalArgumentException.class, () -> new ReplayWindow(() -> now, WINDOW, 0));
  }

  private Verdict admitNew(Instant sentAt) {
    return window.admit(sender, MessageId.random(random), sentAt);
  }

  @Test
  void strangersLeaveRoomForThoseWhoAreKnown() {
    ReplayWindow large = new ReplayWindow(() -> now, WINDOW, 512);
    int fresh = 0;
    for (int stranger = 0; stranger < 100; stranger++) {
      NodeId one = Identity.generate(random).id();
      for (int i = 0; i < 10; i++) {
        Verdict verdict =
            large.admit(one, MessageId.random(random), now, ReplayWindow.Standing.STRANGER);
        // Each of them has a small part of that.
        assertEquals(i < 4 && fresh < 256 ? Verdict.FRESH : Verdict.FULL, verdict);
        fresh += verdict == Verdict.FRESH ? 1 : 0;
      }
    }
    assertEquals(256, fresh);
    for (int i = 0; i < 256; i++) {
      assertEquals(Verdict.FRESH, large.admit(sender, MessageId.random(random), now));
    }
    assertEquals(Verdict.FULL, large.admit(sender, MessageId.random(random), now));
  }

  @Test
  void whatAStrangerSentIsNotTakenAgainOnceItIsKnown() {
    MessageId id = MessageId.random(random);
    assertEquals(Verdict.FRESH, window.admit(sender, id, now, ReplayWindow.Standing.STRANGER));
    assertEquals(Verdict.REPEATED, window.admit(sender, id, now));
  }

  @Test
  void strangersFindRoomAgainWhenTheirMessagesAreOld() {
    MessageId id = MessageId.random(random);
    ReplayWindow small = new ReplayWindow(() -> now, WINDOW, 2);
    assertEquals(Verdict.FRESH, small.admit(sender, id, now, ReplayWindow.Standing.STRANGER));
    NodeId other = Identity.generate(random).id();
    MessageId later = MessageId.random(random);
    assertEquals(Verdict.FULL, small.admit(other, later, now, ReplayWindow.Standing.STRANGER));
    now = now.plus(WINDOW).plusSeconds(1);
    assertEquals(Verdict.FRESH, small.admit(other, later, now, ReplayWindow.Standing.STRANGER));
  }
}
