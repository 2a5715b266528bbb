package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.NodeId;
import dev.godwit.log.MemoryLog;
import dev.godwit.session.RemoteException;
import dev.godwit.wire.proto.Failure;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What an owner says to those who hold its lease, or did. */
class LeaseBookTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final NodeId BOB = node(2);
  private static final NodeId CAROL = node(3);

  private final MemoryLog log = new MemoryLog();
  private long now;

  private static NodeId node(int number) {
    byte[] bytes = new byte[32];
    bytes[0] = (byte) number;
    return NodeId.of(bytes);
  }

  private LeaseBook book() throws Exception {
    return new LeaseBook(log, Duration.ofSeconds(30), () -> now);
  }

  private static LeaseRules.Claim claim(NodeId node) {
    return new LeaseRules.Claim(MountId.random(RANDOM), node, "somebody", 0, false);
  }

  @Test
  void whoLostTheLeaseToAnotherOneIsToldSo() throws Exception {
    try (LeaseBook book = book()) {
      book.acquire(claim(BOB));
      now += Duration.ofSeconds(31).toNanos();
      book.acquire(claim(CAROL));
      RemoteException refused = assertThrows(RemoteException.class, () -> book.renew(1, BOB));
      assertEquals(Failure.Code.CONFLICT, refused.code());
      assertTrue(String.valueOf(refused.getMessage()).contains("another mount may write now"));
    }
  }

  @Test
  void anotherMountOfTheSameNodeEndsTheLeaseOfTheFirst() throws Exception {
    try (LeaseBook book = book()) {
      book.acquire(claim(BOB));
      now += Duration.ofSeconds(31).toNanos();
      book.acquire(claim(BOB));
      assertThrows(RemoteException.class, () -> book.renew(1, BOB));
      book.renew(2, BOB);
    }
  }

  @Test
  void theNumberOfALeaseIsOfNoUseToAnotherNode() throws Exception {
    try (LeaseBook book = book()) {
      book.acquire(claim(BOB));
      assertThrows(RemoteException.class, () -> book.renew(1, CAROL));
      book.renew(1, BOB);
    }
  }

  @Test
  void whoMountedANewerStateThanTheOwnerHasIsToldSo() throws Exception {
    try (LeaseBook book = book()) {
      RemoteException refused = assertThrows(RemoteException.class, () -> book.renew(1, BOB));
      assertEquals(Failure.Code.CONFLICT, refused.code());
      assertTrue(String.valueOf(refused.getMessage()).contains("older state"));
    }
  }

  @Test
  void whoWantsToWriteIsToldHowLongTheLeaseOfAnotherLasts() throws Exception {
    try (LeaseBook book = book()) {
      book.acquire(claim(BOB));
      now += Duration.ofMillis(12_500).toNanos();
      RemoteException refused =
          assertThrows(RemoteException.class, () -> book.acquire(claim(CAROL)));
      assertEquals(Failure.Code.BUSY, refused.code());
      assertEquals(
          "it is being written by a mount on somebody; if that is gone, its lease ends in 18 s",
          refused.getMessage());
    }
  }

  @Test
  void beforeAnybodyHasHeardOfTheLeaseThereIsNothingToRemember() throws Exception {
    try (LeaseBook book = book()) {
      book.ownerWrites();
      book.release(1, BOB);
    }
    assertTrue(log.entries().isEmpty());
  }

  @Test
  void whatAMountHasHeardIsNotSaidAgainOfAnotherState() throws Exception {
    long heard;
    try (LeaseBook book = book()) {
      book.remember();
      heard = book.settled();
    }
    try (LeaseBook book = book()) {
      book.ownerWrites();
    }
    try (LeaseBook book = book()) {
      assertFalse(book.isUnchangedSince(heard));
    }
  }

  @Test
  void whatIsKnownOfAStateIsOldWhenAnotherOneHasTakenItsPlace() throws Exception {
    long heard;
    try (LeaseBook book = book()) {
      book.acquire(claim(BOB));
      heard = 1;
      book.outdate();
      assertFalse(book.isUnchangedSince(heard));
      assertThrows(RemoteException.class, () -> book.renew(1, BOB));
    }
    try (LeaseBook book = book()) {
      assertFalse(book.isUnchangedSince(heard));
    }
  }
}
