package dev.godwit.migration;

import java.time.Duration;

/** When to take the program away from the seeder. Pure: it knows what it is told. */
@FunctionalInterface
public interface FinalizePolicy {

  /** Says what to do after a round. */
  Decision decide(RoundReport report);

  /** What to do after a round. */
  enum Decision {
    /** Fetch what was rewritten, and ask again. */
    ANOTHER_ROUND,
    /** Take it now. */
    FINALIZE
  }

  /** Whether the program may run before everything is here. */
  enum PostCopy {
    /** It may; the rest is fetched behind it. */
    AUTO,
    /** It waits until everything is here. */
    NEVER
  }

  /**
   * What is known after a round.
   *
   * @param round counted from 1
   * @param dirtyBytes what was rewritten during the round
   * @param previousBytes what the round had to fetch
   * @param bytesPerSecond how fast the round went
   * @param roundTrip to the seeder
   */
  record RoundReport(
      int round, long dirtyBytes, long previousBytes, double bytesPerSecond, Duration roundTrip) {

    /**
     * How long the program would stand still if it were taken now.
     *
     * @param postCopy whether the rest is fetched before it goes on
     */
    public Duration predictedDowntime(PostCopy postCopy) {
      Duration exchange = roundTrip.multipliedBy(2).plusMillis(5);
      if (postCopy == PostCopy.AUTO || dirtyBytes == 0) {
        return exchange;
      }
      double seconds = dirtyBytes / Math.max(1.0, bytesPerSecond);
      return exchange.plusNanos((long) Math.min(1e18, seconds * 1e9));
    }
  }

  /** After the first round, whatever it brought. */
  static FinalizePolicy now() {
    return report -> Decision.FINALIZE;
  }

  /**
   * As soon as the rest could be fetched within {@code limit} and no longer halves with every
   * round, or once rounds no longer shrink at all. What is left then is fetched behind the running
   * program if post-copy allows, so a short rest matters even there: it is what the program may
   * have to wait for, and the work it has to share the machine with. Rounds that halve are over in
   * no time.
   *
   * @param limit how long the program may stand still
   */
  static FinalizePolicy maxDowntime(Duration limit) {
    return report -> {
      boolean shortEnough = report.predictedDowntime(PostCopy.NEVER).compareTo(limit) <= 0;
      long shrunk = shortEnough ? report.previousBytes() / 2 : report.previousBytes() / 10 * 9;
      boolean shrinking = report.dirtyBytes() > 0 && report.dirtyBytes() < shrunk;
      return shrinking && report.round() < 50 ? Decision.ANOTHER_ROUND : Decision.FINALIZE;
    };
  }
}
