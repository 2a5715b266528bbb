package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.StagedBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class PaceTest {
  private static final int SIZE = 1 << 20;
  private static final long QUICK = 2_000;
  private static final long SLOW = 100_000;

  private Latency latency = Latency.LOCAL;
  private final StagedBackend medium = new StagedBackend(SIZE, () -> latency);
  private long now;
  private long duration;

  private final Pace pace =
      new Pace(
          new ForwardingBackend(medium) {
            @Override
            public void read(ByteBuffer dst, long offset) throws IOException {
              now += duration;
              below.read(dst, offset);
            }

            @Override
            public void write(ByteBuffer src, long offset) throws IOException {
              now += duration;
              below.write(src, offset);
            }
          },
          () -> now);

  private void read(int times, long nanos) throws IOException {
    duration = nanos;
    for (int i = 0; i < times; i++) {
      pace.read(ByteBuffer.allocate(1), 0);
    }
  }

  @Test
  void nothingIsQuickBeforeItWasSeenToBe() throws IOException {
    assertFalse(pace.isQuick());
    read(1, QUICK);
    assertTrue(pace.isQuick());
  }

  @Test
  void aDiskThatHasToBeWaitedForIsNotQuick() throws IOException {
    read(1, QUICK);
    read(1, SLOW);
    assertFalse(pace.isQuick());
    read(5, QUICK);
    assertFalse(pace.isQuick());
  }

  @Test
  void writesCountAsReadsDo() throws IOException {
    duration = QUICK;
    pace.write(ByteBuffer.allocate(1), 0);
    assertTrue(pace.isQuick());
    duration = SLOW;
    pace.write(ByteBuffer.allocate(1), 0);
    assertFalse(pace.isQuick());
  }

  @Test
  void aDearCallAmongManyQuickOnesChangesNothing() throws IOException {
    read(1000, QUICK);
    read(2, 1_000_000_000);
    assertTrue(pace.isQuick());
    read(1, 1_000_000_000);
    assertFalse(pace.isQuick());
  }

  @Test
  void whatWasSlowForLongIsQuickSoonAfterItHasBecomeSo() throws IOException {
    read(100_000, SLOW);
    read(200, QUICK);
    assertTrue(pace.isQuick());
  }

  @Test
  void copyingALotIsNoWaiting() throws IOException {
    duration = SIZE / Pace.COPIED;
    pace.write(ByteBuffer.allocate(SIZE), 0);
    assertTrue(pace.isQuick());
  }

  @Test
  void aCallThatFailsCountsToo() throws IOException {
    read(1, QUICK);
    medium.failNext(new IOException("medium error"));
    assertThrows(IOException.class, () -> read(1, SLOW));
    assertFalse(pace.isQuick());
  }

  @Test
  void whatIsNoLocalDiskIsNotMeasured() throws IOException {
    read(1, QUICK);
    latency = Latency.REMOTE;
    read(10, SLOW);
    assertEquals(Latency.REMOTE, pace.latency());
    assertTrue(pace.isQuick());
  }
}
