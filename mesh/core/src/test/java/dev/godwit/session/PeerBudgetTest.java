package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeerBudgetTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final NodeId bob = Identity.generate(RANDOM).id();
  private final NodeId carol = Identity.generate(RANDOM).id();

  private static CountDownLatch taking(PeerBudget.Account account) {
    CountDownLatch taken = new CountDownLatch(1);
    Thread.ofVirtual().start(() -> take(account, 1, taken));
    return taken;
  }

  private static void take(PeerBudget.Account account, long amount, CountDownLatch taken) {
    try {
      account.take(amount);
      taken.countDown();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertTaken(CountDownLatch taken) throws InterruptedException {
    assertTrue(taken.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void whoDoesNotReadKeepsNobodyElseWaiting() throws Exception {
    PeerBudget budget = new PeerBudget("answers", 2, 100);
    PeerBudget.Account one = budget.open(bob);
    PeerBudget.Account two = budget.open(bob);
    one.take(1);
    two.take(1);
    CountDownLatch third = taking(one);
    for (int i = 0; i < 2; i++) {
      budget.open(carol).take(1);
    }
    assertEquals(4, budget.inAll());
    assertFalse(third.await(50, TimeUnit.MILLISECONDS));
    two.giveBack(1);
    assertTaken(third);
  }

  @Test
  void allTogetherHaveALimit() throws Exception {
    PeerBudget budget = new PeerBudget("answers", 2, 3);
    PeerBudget.Account first = budget.open(bob);
    PeerBudget.Account second = budget.open(carol);
    first.take(1);
    first.take(1);
    second.take(1);
    // Who has none is never kept waiting by the others.
    PeerBudget.Account third = budget.open(Identity.generate(RANDOM).id());
    third.take(1);
    third.giveBack(1);
    CountDownLatch fourth = taking(second);
    assertFalse(fourth.await(50, TimeUnit.MILLISECONDS));
    first.giveBack(1);
    assertTaken(fourth);
    assertEquals(3, budget.inAll());
  }

  @Test
  void whatIsUsedIsRememberedWhileAStreamOfThePeerIsOpen() throws Exception {
    PeerBudget budget = new PeerBudget("answers", 1, 100);
    PeerBudget.Account one = budget.open(bob);
    one.take(1);
    budget.open(bob).close();
    CountDownLatch more = taking(budget.open(bob));
    assertFalse(more.await(50, TimeUnit.MILLISECONDS));
    one.giveBack(1);
    assertTaken(more);
  }

  @Test
  void whoWaitsTooLongIsToldSo() throws Exception {
    PeerBudget budget = new PeerBudget("answers", 1, 100, Duration.ofMillis(1));
    PeerBudget.Account account = budget.open(bob);
    account.take(1);
    IOException told = assertThrows(IOException.class, () -> account.take(1));
    assertEquals("the peer holds too many answers", told.getMessage());
    assertEquals(1, budget.inAll());
    account.giveBack(1);
    account.take(1);
  }

  @Test
  void aLargePieceIsNotOvertakenBySmallOnesForEver() throws Exception {
    PeerBudget budget = new PeerBudget("bytes", 10, 100);
    PeerBudget.Account account = budget.open(bob);
    account.take(8);
    CountDownLatch large = new CountDownLatch(1);
    Thread first = Thread.ofVirtual().unstarted(() -> take(account, 5, large));
    first.start();
    Patience.until("the large one waits", () -> first.getState() == Thread.State.TIMED_WAITING);
    CountDownLatch small = new CountDownLatch(1);
    Thread second = Thread.ofVirtual().unstarted(() -> take(account, 1, small));
    second.start();
    Patience.until("the small one waits", () -> second.getState() == Thread.State.TIMED_WAITING);
    account.giveBack(8);
    assertTaken(large);
    assertTaken(small);
    assertEquals(6, budget.inAll());
  }
}
