package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import dev.godwit.wire.ProtocolException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StreamStateTest {
  private static final int INITIAL = ReceiveWindow.INITIAL;
  private static final int GROWTH = ReceiveWindow.FULL - INITIAL;

  private final CreditBudget budget = new CreditBudget(GROWTH);
  private final StreamState state = new StreamState(budget);

  @Test
  void beginsWithCreditInBothDirections() throws Exception {
    assertEquals(INITIAL, state.sendable(Long.MAX_VALUE));
    assertEquals(10, state.sendable(10));
    state.received(INITIAL);
    assertThrows(ProtocolException.class, () -> state.received(1));
  }

  @Test
  void sendsNoMoreThanItsCredit() throws Exception {
    state.sent(INITIAL);
    assertEquals(0, state.sendable(1));
    state.creditReceived(5);
    assertEquals(5, state.sendable(100));
    assertThrows(IllegalStateException.class, () -> state.sent(6));
  }

  @Test
  void refusesMoreCreditThanThereCanBe() throws Exception {
    state.creditReceived(Integer.MAX_VALUE - INITIAL);
    assertThrows(ProtocolException.class, () -> state.creditReceived(1));
  }

  @Test
  void aReadStreamGetsTheFullWindow() throws Exception {
    state.received(100);
    assertEquals(GROWTH + 100, state.consumed(100));
    state.received(ReceiveWindow.FULL);
    assertThrows(ProtocolException.class, () -> state.received(1));
  }

  @Test
  void creditComesInLargeSteps() throws Exception {
    state.received(1);
    assertEquals(GROWTH + 1, state.consumed(1));
    state.received(ReceiveWindow.FULL);
    assertEquals(0, state.consumed(ReceiveWindow.FULL / 2 - 1));
    assertEquals(ReceiveWindow.FULL / 2, state.consumed(1));
  }

  @Test
  void withoutBudgetTheWindowStaysSmallAndUsable() throws Exception {
    StreamState poor = new StreamState(new CreditBudget(0));
    for (int round = 0; round < 10; round++) {
      poor.received(INITIAL);
      assertEquals(INITIAL, poor.consumed(INITIAL));
    }
  }

  @Test
  void theBudgetComesBackWithTheEnd() throws Exception {
    state.received(1);
    int _ = state.consumed(1);
    assertEquals(0, budget.left());
    state.finSent();
    assertEquals(0, budget.left());
    state.finReceived();
    assertEquals(GROWTH, budget.left());
    assertEquals(0, state.consumed(0));
    assertEquals(GROWTH, budget.left());
  }

  @Test
  void endsWhenBothDirectionsHave() throws Exception {
    state.finReceived();
    assertFalse(state.isOver());
    assertEquals(7, state.sendable(7));
    state.finSent();
    assertTrue(state.isOver());
    assertEquals(0, state.sendable(7));
  }

  @Test
  void aResetEndsBothDirections() {
    state.reset();
    assertTrue(state.isOver());
    assertEquals(0, state.sendable(7));
  }

  @Test
  void nothingFollowsAnEnd() throws Exception {
    state.finReceived();
    assertThrows(ProtocolException.class, () -> state.received(1));
    assertThrows(ProtocolException.class, state::finReceived);
  }

  /** A sender and a receiver with frames on their way between them, in any order of events. */
  private static final class Pair {
    private final StreamState sender = new StreamState(new CreditBudget(0));
    private final StreamState receiver;
    private final Queue<Integer> data = new ArrayDeque<>();
    private final Queue<Integer> credit = new ArrayDeque<>();
    private int inReceiver;
    private long sent;
    private long read;

    Pair(Random random) {
      receiver = new StreamState(new CreditBudget(random.nextBoolean() ? GROWTH : 0));
    }

    void send(int wanted) {
      int count = sender.sendable(wanted);
      if (count > 0) {
        sender.sent(count);
        sent += count;
        data.add(count);
      }
    }

    void deliver() throws ProtocolException {
      Integer count = data.poll();
      if (count != null) {
        receiver.received(count);
        inReceiver += count;
        assertTrue(inReceiver <= ReceiveWindow.FULL, "more was kept than allowed");
      }
    }

    void read(int wanted) {
      int count = Math.min(wanted, inReceiver);
      inReceiver -= count;
      read += count;
      int more = receiver.consumed(count);
      if (more > 0) {
        credit.add(more);
      }
    }

    void deliverCredit() throws ProtocolException {
      Integer more = credit.poll();
      if (more != null) {
        sender.creditReceived(more);
      }
    }
  }

  @Test
  void whatOneSideMaySendTheOtherTakesAndNothingGetsStuck() {
    Seeds.each(
        300,
        random -> {
          Pair pair = new Pair(random);
          for (int step = 0; step < 400; step++) {
            switch (random.nextInt(4)) {
              case 0 -> pair.send(1 + random.nextInt(Frames.MAX_DATA));
              case 1 -> pair.deliver();
              case 2 -> pair.read(1 + random.nextInt(1 << 20));
              default -> pair.deliverCredit();
            }
          }
          // Once everything has arrived and is read, there is credit again.
          while (!pair.data.isEmpty()) {
            pair.deliver();
          }
          pair.read(Integer.MAX_VALUE);
          while (!pair.credit.isEmpty()) {
            pair.deliverCredit();
          }
          assertEquals(pair.sent, pair.read);
          assertTrue(pair.sender.sendable(Long.MAX_VALUE) > INITIAL / 2);
        });
  }
}
