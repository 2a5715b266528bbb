package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationWordsTest {
  @ParameterizedTest
  @CsvSource({
    "PT0S, 0 seconds",
    "PT0.1S, 100 ms",
    "PT1S, 1 second",
    "PT30S, 30 seconds",
    "PT60S, 1 minute",
    "PT90S, 1 min 30 s",
    "PT119M, 1 h 59 min",
    "PT60M, 1 hour",
    "PT150M, 2 h 30 min",
    "PT2H0M3S, 2 hours",
    "P1D, 1 day",
    "P30D, 30 days",
    "PT36H, 1 day 12 h",
  })
  void aDurationIsSaidInItsOwnUnits(Duration duration, String words) {
    assertEquals(words, DurationWords.of(duration));
  }
}
