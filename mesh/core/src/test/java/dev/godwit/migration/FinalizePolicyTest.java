package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.migration.FinalizePolicy.Decision;
import dev.godwit.migration.FinalizePolicy.PostCopy;
import dev.godwit.migration.FinalizePolicy.RoundReport;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class FinalizePolicyTest {
  private static final Duration ROUND_TRIP = Duration.ofMillis(10);
  private final FinalizePolicy policy = FinalizePolicy.maxDowntime(Duration.ofMillis(100));

  private static RoundReport report(int round, long dirty, long before, double rate) {
    return new RoundReport(round, dirty, before, rate, ROUND_TRIP);
  }

  @Test
  void nowTakesTheProgramAfterTheFirstRound() {
    assertEquals(Decision.FINALIZE, FinalizePolicy.now().decide(report(1, 1 << 30, 1, 1)));
  }

  @Test
  void aShortRestThatHalvesGetsAnotherRound() {
    assertEquals(Decision.ANOTHER_ROUND, policy.decide(report(1, 1_000_000, 1 << 30, 1e8)));
  }

  @Test
  void aShortRestThatNoLongerHalvesIsTaken() {
    assertEquals(Decision.FINALIZE, policy.decide(report(2, 1_000_000, 1_900_000, 1e8)));
  }

  @Test
  void nothingLeftIsTaken() {
    assertEquals(Decision.FINALIZE, policy.decide(report(1, 0, 1 << 30, 1e8)));
  }

  @Test
  void aLongRestThatShrinksGetsAnotherRound() {
    assertEquals(Decision.ANOTHER_ROUND, policy.decide(report(1, 100_000_000, 1 << 30, 1e8)));
  }

  @Test
  void aRestThatNoLongerShrinksIsTaken() {
    assertEquals(Decision.FINALIZE, policy.decide(report(3, 100_000_000, 105_000_000, 1e8)));
  }

  @Test
  void roundsEndSomeTime() {
    assertEquals(Decision.FINALIZE, policy.decide(report(50, 1 << 29, 1 << 30, 1)));
  }

  @Test
  void downtimeIsPredictedFromTheRestUnlessItIsFetchedBehindTheProgram() {
    RoundReport report = report(1, 100_000_000, 1 << 30, 1e8);
    assertEquals(Duration.ofMillis(1025), report.predictedDowntime(PostCopy.NEVER));
    assertEquals(Duration.ofMillis(25), report.predictedDowntime(PostCopy.AUTO));
  }

  @Test
  void aRateOfZeroIsNoDivisionByZero() {
    assertTrue(report(1, Long.MAX_VALUE, 1, 0).predictedDowntime(PostCopy.NEVER).toDays() > 1000);
  }
}
