package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.godwit.stream.Connection.Urgency;
import dev.godwit.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SendSchedulerTest {
  private final SendScheduler<String> scheduler = new SendScheduler<>();

  @Test
  void nobodyIsNextWhenNobodyIsReady() {
    assertNull(scheduler.next());
  }

  @Test
  void demandGoesBeforeBulk() {
    scheduler.ready("bulk", Urgency.BULK);
    scheduler.ready("demand", Urgency.DEMAND);
    assertEquals("demand", scheduler.next());
    assertEquals("bulk", scheduler.next());
    assertNull(scheduler.next());
  }

  @Test
  void equalsTakeTurns() {
    List<String> order = new ArrayList<>();
    scheduler.ready("a", Urgency.BULK);
    scheduler.ready("b", Urgency.BULK);
    for (int i = 0; i < 4; i++) {
      String next = String.valueOf(scheduler.next());
      order.add(next);
      scheduler.ready(next, Urgency.BULK);
    }
    assertEquals(List.of("a", "b", "a", "b"), order);
  }

  @Test
  void readyTwiceIsOnce() {
    scheduler.ready("a", Urgency.BULK);
    scheduler.ready("a", Urgency.BULK);
    assertEquals("a", scheduler.next());
    assertNull(scheduler.next());
  }

  @Test
  void whoeverIsRemovedIsNotNext() {
    scheduler.ready("a", Urgency.BULK);
    scheduler.ready("b", Urgency.DEMAND);
    scheduler.remove("a");
    scheduler.remove("b");
    scheduler.remove("c");
    assertNull(scheduler.next());
  }

  /** A stream of the model; even ones are demand. */
  private static Urgency urgency(int stream) {
    return stream % 2 == 0 ? Urgency.DEMAND : Urgency.BULK;
  }

  @Test
  void behavesLikeTwoListsInOrderOfReadiness() {
    Seeds.each(
        300,
        random -> {
          SendScheduler<Integer> tested = new SendScheduler<>();
          List<Integer> demand = new ArrayList<>();
          List<Integer> bulk = new ArrayList<>();
          for (int step = 0; step < 300; step++) {
            int stream = random.nextInt(12);
            List<Integer> list = urgency(stream) == Urgency.DEMAND ? demand : bulk;
            switch (random.nextInt(4)) {
              case 0, 1 -> {
                tested.ready(stream, urgency(stream));
                if (!list.contains(stream)) {
                  list.add(stream);
                }
              }
              case 2 -> {
                List<Integer> first = demand.isEmpty() ? bulk : demand;
                assertEquals(first.isEmpty() ? null : first.removeFirst(), tested.next());
              }
              default -> {
                tested.remove(stream);
                boolean _ = list.removeIf(one -> one == stream);
              }
            }
          }
        });
  }
}
