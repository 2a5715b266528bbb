package dev.godwit.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.Extension;

final class PatientTimeoutsTest {
  private static final Duration LONG = Patience.seconds(60);

  private static String hang() throws InterruptedException {
    new CountDownLatch(1).await();
    return "never";
  }

  @Test
  void aTestThatHangsIsInterruptedAndItsPlaceShown() {
    var e =
        assertThrows(
            TimeoutException.class,
            () -> PatientTimeouts.inTime(PatientTimeoutsTest::hang, Duration.ofMillis(50)));
    assertTrue(
        Arrays.stream(e.getStackTrace()).anyMatch(place -> place.getMethodName().equals("hang")));
    assertInstanceOf(InterruptedException.class, e.getSuppressed()[0]);
    assertFalse(Thread.currentThread().isInterrupted());
  }

  @Test
  void aTestThatSwallowsTheInterruptHasFailedAllTheSame() {
    assertThrows(
        TimeoutException.class,
        () ->
            PatientTimeouts.inTime(
                () -> assertThrows(InterruptedException.class, PatientTimeoutsTest::hang),
                Duration.ofMillis(50)));
  }

  @Test
  void whatEndsInTimeIsLeftAlone() throws Throwable {
    assertEquals("done", PatientTimeouts.inTime(() -> "done", LONG));
    assertThrows(
        IllegalStateException.class,
        () ->
            PatientTimeouts.<String>inTime(
                () -> {
                  throw new IllegalStateException("as it is");
                },
                LONG));
  }

  @Test
  void aTestThatSaysNothingIsInterruptedAfterTenMinutes() throws NoSuchMethodException {
    var hang = PatientTimeoutsTest.class.getDeclaredMethod("hang");
    assertEquals(
        Patience.of(Duration.ofMinutes(10)),
        PatientTimeouts.limit(hang, PatientTimeoutsTest.class));
    assertEquals(Patience.seconds(7), PatientTimeouts.limit(hang, Limited.Inner.class));
  }

  @Timeout(7)
  private static final class Limited {
    private static final class Inner {}
  }

  @Test
  void jUnitFindsIt() {
    assertTrue(
        ServiceLoader.load(Extension.class).stream()
            .anyMatch(found -> found.type().equals(PatientTimeouts.class)));
  }
}
