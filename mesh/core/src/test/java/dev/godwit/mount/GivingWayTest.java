package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.mount.GivingWay.Haste;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class GivingWayTest {
  private final GivingWay way = new GivingWay();

  @Test
  void aProgramThatWritesGoesFirst() {
    assertEquals(GivingWay.MOMENT, way.pause(1, Haste.NONE));
    assertEquals(GivingWay.MOMENT, way.pause(5, Haste.NONE));
  }

  @Test
  void withNothingNewThereIsNobodyToGiveWayTo() {
    assertEquals(Duration.ZERO, way.pause(0, Haste.NONE));
    assertEquals(GivingWay.MOMENT, way.pause(5, Haste.NONE));
    assertEquals(Duration.ZERO, way.pause(5, Haste.NONE));
    assertEquals(Duration.ZERO, way.pause(0, Haste.NONE));
    assertEquals(GivingWay.MOMENT, way.pause(1, Haste.NONE));
  }

  @Test
  void whoeverWaitsForTheOwnerIsNotMadeToWaitLonger() {
    assertEquals(Duration.ZERO, way.pause(1, Haste.AWAITED));
    assertEquals(Duration.ZERO, way.pause(2, Haste.AWAITED));
    assertEquals(GivingWay.MOMENT, way.pause(3, Haste.NONE));
  }
}
