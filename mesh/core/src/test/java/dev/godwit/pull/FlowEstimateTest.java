package dev.godwit.pull;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

final class FlowEstimateTest {
  private static final long MILLI = 1_000_000;
  private static final Duration FAR = Duration.ofMillis(100);

  private long now;
  private final FlowEstimate flow = new FlowEstimate(now);

  /** Answers of one after the other, and more is wanted all the time. */
  private void busy(int times, long bytes, long everyMillis, Duration roundTrip) {
    flow.asked(now, flow.limit());
    for (int i = 0; i < times; i++) {
      now += everyMillis * MILLI;
      flow.full();
      flow.answered(now, bytes, roundTrip);
      flow.asked(now, bytes);
    }
    flow.answered(now, flow.inFlight(), roundTrip);
  }

  @Test
  void itGrowsToTheBandwidthDelayProductAndAHiccup() {
    Link link = new Link(100_000_000, FAR);
    link.run(flow, 6000);
    // 10 MB and the 20 ms that wait, and requests are not of no size.
    assertEquals(12.2e6, (double) flow.limit(), 0.6e6);
    assertEquals(1e8, flow.bytesPerSecond(), 2e6);
  }

  @Test
  void theLinkIsFullAfterTwentyRoundTrips() {
    Link link = new Link(25_000_000, FAR);
    link.run(flow, 2000);
    assertEquals(25e6, flow.bytesPerSecond(), 1e6);
  }

  @Test
  void whatWaitsInFrontOfTheLinkStaysShort() {
    Link link = new Link(25_000_000, FAR);
    link.run(flow, 8000);
    assertTrue(link.mostWaiting <= FlowEstimate.MIN, "waited: " + link.mostWaiting);
  }

  @Test
  void onALocalLinkTheWindowIsWhatComesDuringAHiccup() {
    busy(1000, 4 << 20, 4, Duration.ZERO);
    assertEquals(4 << 20, (double) flow.limit(), 3 << 20);
  }

  @Test
  void whatWaitsInAQueueDoesNotMakeItGrow() {
    busy(20, 1_000_000, 10, Duration.ofMillis(10));
    busy(380, 1_000_000, 10, Duration.ofMillis(500));
    assertTrue(flow.limit() < 6_000_000, "limit: " + flow.limit());
  }

  @Test
  void aLongerWayIsTakenNoteOfAfterSomeSeconds() {
    busy(20, 1_000_000, 10, Duration.ofMillis(10));
    busy(1480, 1_000_000, 10, Duration.ofMillis(500));
    assertTrue(flow.limit() > 40_000_000, "limit: " + flow.limit());
  }

  @Test
  void onASlowLinkLittleIsUnderWay() {
    busy(1000, 10_000, 10, Duration.ofMillis(10));
    assertEquals(FlowEstimate.MIN, flow.limit());
  }

  @Test
  void itNeverGrowsWithoutLimit() {
    busy(1000, 64 << 20, 10, Duration.ofSeconds(10));
    assertTrue(flow.limit() <= FlowEstimate.MAX, "limit: " + flow.limit());
  }

  @Test
  void aTimeInWhichNothingIsWantedIsNotASlowLink() {
    busy(1000, 250_000, 10, FAR);
    double busy = flow.bytesPerSecond();
    for (int i = 0; i < 100; i++) {
      now += 60_000 * MILLI;
      flow.asked(now, 4096);
      now += 100 * MILLI;
      flow.answered(now, 4096, FAR);
    }
    assertEquals(busy, flow.bytesPerSecond());
  }

  @Test
  void answersThatWereHeldUpAndComeAtOnceAreNotAFasterLink() {
    flow.asked(now, FlowEstimate.MIN);
    flow.full();
    now += 300 * MILLI;
    flow.answered(now, 0, FAR);
    for (int i = 0; i < 16; i++) {
      now += MILLI;
      flow.answered(now, FlowEstimate.MIN / 16, FAR);
      flow.asked(now, FlowEstimate.MIN);
      flow.full();
      flow.answered(now, FlowEstimate.MIN, FAR);
    }
    now += 100 * MILLI;
    flow.answered(now, 0, FAR);
    assertTrue(flow.bytesPerSecond() <= FlowEstimate.MIN * 10.01, "" + flow.bytesPerSecond());
  }

  @Test
  void aRequestIsWhatComesInAMoment() {
    assertEquals(64 * 1024, flow.share(512 * 1024));
    busy(100, 1_000_000, 10, Duration.ofMillis(20));
    assertEquals(300_000.0, flow.share(512 * 1024), 10_000);
    assertEquals(1000, flow.share(1000));
  }

  @Test
  void aWindowsWorthIsSpreadOverMostOfARoundTrip() {
    flow.asked(now, 1);
    flow.answered(now, 1, FAR);
    assertEquals(FAR.toNanos() / 1.1, (double) flow.interval(FlowEstimate.MIN), 1e6);
  }

  @Test
  void aFullWindowOpensWhenAQuarterIsFreeOrWhatComesInAMoment() {
    assertEquals(flow.limit(), flow.reopening());
    busy(1000, 10_000, 10, Duration.ZERO);
    assertEquals(flow.limit() - 3_000.0, (double) flow.reopening(), 100);
    busy(1000, 10_000_000, 10, Duration.ZERO);
    assertEquals(flow.limit() - flow.limit() / 4, flow.reopening());
  }

  /** A link with a queue in front of it, asked as the window asks, in steps of a tenth of a ms. */
  private final class Link {
    private static final int STEPS = 10;

    private final double perStep;
    private final long delay;
    private final Deque<long[]> onTheWay = new ArrayDeque<>();
    private double waiting;
    private double mostWaiting;
    private long next;

    Link(long bytesPerSecond, Duration roundTrip) {
      this.perStep = bytesPerSecond / 1000.0 / STEPS;
      this.delay = roundTrip.toNanos();
    }

    /** Requests reach the queue after a round trip, where their answers wait for the link. */
    void run(FlowEstimate flow, int millis) {
      double served = 0;
      for (int i = 0; i < millis * STEPS; i++) {
        now += MILLI / STEPS;
        while (next <= now) {
          int share = flow.share(512 * 1024);
          if (flow.inFlight() + share > flow.limit()) {
            flow.full();
            break;
          }
          flow.asked(now, share);
          onTheWay.add(new long[] {now + delay, share});
          next = Math.max(next, now - 2 * MILLI) + flow.interval(share);
        }
        waiting = 0;
        for (long[] each : onTheWay) {
          waiting += each[0] <= now ? each[1] : 0;
        }
        mostWaiting = Math.max(mostWaiting, waiting - served);
        served += Math.min(perStep, waiting - served);
        while (!onTheWay.isEmpty()
            && onTheWay.peek()[0] <= now
            && served >= onTheWay.peek()[1] - 0.5) {
          long bytes = onTheWay.remove()[1];
          served -= bytes;
          flow.answered(now, bytes, Duration.ofNanos(delay));
        }
      }
    }
  }
}
