package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a program waits for. */
@Timeout(60)
class MountDeviceTest {
  private static final int ENOUGH = 5;

  /** Each look finds that the owner has taken more, until it has taken enough. */
  private final AtomicLong taken = new AtomicLong();

  private final CompletableFuture<Boolean> flushed = new CompletableFuture<>();

  private MountDevice device(MountDevice.Saving saving) {
    return device(saving, Durability.REMOTE);
  }

  private MountDevice device(MountDevice.Saving saving, Durability durability) {
    return new MountDevice(
        new MemoryBackend(1 << 20),
        new MountDevice.ReadListener() {
          @Override
          public void reading(long offset, int length) {}

          @Override
          public void read() {}
        },
        new MountDevice.Flushing() {
          @Override
          public void flushHere() {}

          @Override
          public CompletableFuture<Boolean> flushThere() {
            return flushed;
          }

          @Override
          public void hurry() {}
        },
        durability,
        saving,
        4096,
        Duration.ofMillis(1));
  }

  private final class Slow implements MountDevice.Saving {
    @Override
    public long unsavedBytes() {
      return taken.get() < ENOUGH ? 8192 : 0;
    }

    @Override
    public long taken() {
      if (taken.incrementAndGet() == ENOUGH) {
        flushed.complete(true);
      }
      return taken.get();
    }
  }

  @Test
  void aWriteWaitsForAnOwnerThatIsSlowAndTakesBytes() throws Exception {
    MountDevice device = device(new Slow());
    device.write(ByteBuffer.allocate(4096), 0);
    device.write(ByteBuffer.allocate(4096), 0);
    assertTrue(taken.get() >= ENOUGH);
  }

  @Test
  void aFlushWaitsForAnOwnerThatIsSlowAndTakesBytes() throws Exception {
    device(new Slow()).flush();
    assertTrue(taken.get() >= ENOUGH);
  }

  @Test
  void anOwnerThatTakesNothingIsNotAwaitedForEver() {
    MountDevice device = device(new Away(8192));
    assertThrows(IOException.class, () -> device.write(ByteBuffer.allocate(8192), 0));
    assertThrows(IOException.class, device::flush);
  }

  @Test
  void whatIsDoneHereIsAsFastAsTheCacheUntilManyBytesAreUnsaved() throws Exception {
    Away none = new Away(0);
    assertEquals(Backend.Latency.MEMORY, device(none, Durability.LOCAL).latency());
    assertEquals(Backend.Latency.REMOTE, device(none, Durability.REMOTE).latency());
    AtomicLong unsaved = new AtomicLong();
    MountDevice filling = device(new Away(unsaved), Durability.LOCAL);
    for (int i = 0; i < 4; i++) {
      assertEquals(Backend.Latency.MEMORY, filling.latency());
      filling.write(ByteBuffer.allocate(600), 0);
      unsaved.addAndGet(600);
    }
    assertEquals(Backend.Latency.REMOTE, filling.latency());
  }

  @Test
  void whatTheOwnerHasTakenMeanwhileSlowsNothingDown() throws Exception {
    MountDevice device = device(new Away(0), Durability.LOCAL);
    for (int i = 0; i < 20; i++) {
      device.write(ByteBuffer.allocate(600), 0);
      assertEquals(Backend.Latency.MEMORY, device.latency());
    }
  }

  /** Nothing reaches the owner. */
  private record Away(AtomicLong unsaved) implements MountDevice.Saving {
    Away(long unsaved) {
      this(new AtomicLong(unsaved));
    }

    @Override
    public long unsavedBytes() {
      return unsaved.get();
    }

    @Override
    public long taken() {
      return 0;
    }
  }
}
