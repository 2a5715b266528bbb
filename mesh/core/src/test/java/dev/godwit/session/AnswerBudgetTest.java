package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AnswerBudgetTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final NodeId bob = Identity.generate(RANDOM).id();
  private final NodeId carol = Identity.generate(RANDOM).id();

  private static CountDownLatch taking(AnswerBudget.Account account) {
    CountDownLatch taken = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                account.take();
                taken.countDown();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    return taken;
  }

  private static void assertTaken(CountDownLatch taken) throws InterruptedException {
    assertTrue(taken.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void whoDoesNotReadKeepsNobodyElseWaiting() throws Exception {
    AnswerBudget budget = new AnswerBudget(2, 100);
    AnswerBudget.Account one = budget.open(bob);
    AnswerBudget.Account two = budget.open(bob);
    one.take();
    two.take();
    CountDownLatch third = taking(one);
    for (int i = 0; i < 2; i++) {
      budget.open(carol).take();
    }
    assertEquals(4, budget.inAll());
    assertFalse(third.await(50, TimeUnit.MILLISECONDS));
    two.giveBack();
    assertTaken(third);
  }

  @Test
  void allTogetherHaveALimit() throws Exception {
    AnswerBudget budget = new AnswerBudget(2, 3);
    AnswerBudget.Account first = budget.open(bob);
    AnswerBudget.Account second = budget.open(carol);
    first.take();
    first.take();
    second.take();
    // Who has none is never kept waiting by the others.
    AnswerBudget.Account third = budget.open(Identity.generate(RANDOM).id());
    third.take();
    third.giveBack();
    CountDownLatch fourth = taking(second);
    assertFalse(fourth.await(50, TimeUnit.MILLISECONDS));
    first.giveBack();
    assertTaken(fourth);
    assertEquals(3, budget.inAll());
  }

  @Test
  void whatIsUsedIsRememberedWhileAStreamOfThePeerIsOpen() throws Exception {
    AnswerBudget budget = new AnswerBudget(1, 100);
    AnswerBudget.Account one = budget.open(bob);
    one.take();
    budget.open(bob).close();
    CountDownLatch more = taking(budget.open(bob));
    assertFalse(more.await(50, TimeUnit.MILLISECONDS));
    one.giveBack();
    assertTaken(more);
  }
}
