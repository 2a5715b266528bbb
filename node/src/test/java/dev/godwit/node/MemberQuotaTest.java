package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemberQuotaTest {
  private static NodeId node() {
    return Identity.generate(new SecureRandom()).id();
  }

  private final NodeId alice = node();
  private final NodeId bob = node();
  private final MemberQuota quota = new MemberQuota(2);

  private void fill() {
    assertTrue(quota.begin(alice));
    assertTrue(quota.begin(alice));
  }

  @Test
  void aMemberHasSoMuchAndNoMore() {
    fill();
    assertFalse(quota.begin(alice));
  }

  @Test
  void whatIsOverMakesRoomForOne() {
    fill();
    quota.end(alice);
    assertTrue(quota.begin(alice));
    assertFalse(quota.begin(alice));
  }

  @Test
  void oneTakesNothingFromAnother() {
    fill();
    assertTrue(quota.begin(bob));
  }

  @Test
  void whatHasEndedIsNotEndedTwice() {
    quota.end(alice);
    fill();
    assertFalse(quota.begin(alice));
  }

  @Test
  void manyAtOnceAreCountedRightly() {
    MemberQuota wide = new MemberQuota(100);
    AtomicInteger begun = new AtomicInteger();
    IntStream.range(0, 1000)
        .parallel()
        .forEach(
            _ -> {
              if (wide.begin(alice)) {
                begun.incrementAndGet();
              }
            });
    assertEquals(100, begun.get());
  }
}
