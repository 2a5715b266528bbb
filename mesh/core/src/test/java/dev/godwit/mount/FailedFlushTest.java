package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Contents;
import dev.godwit.testing.CrashDisk;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Disks below a mount that fail to flush once, and forget it. */
class FailedFlushTest {
  private static final int SIZE = 1 << 20;

  private static byte[] write(ManagedMount mount) throws IOException {
    byte[] all = new byte[SIZE];
    for (int at = 0; at < SIZE; at += 8192) {
      byte[] bytes = new byte[100];
      new Random(at).nextBytes(bytes);
      mount.device().write(ByteBuffer.wrap(bytes), at);
      System.arraycopy(bytes, 0, all, at, bytes.length);
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void whatTheOwnerMayHaveLostIsSentAgain(Durability durability) throws Exception {
    CrashDisk disk = new CrashDisk(new byte[SIZE]);
    try (var fixture = new MountFixture(disk)) {
      disk.failFlushes(1);
      ManagedMount mount = fixture.machine("bob").mount(MountFixture.settings(durability));
      byte[] all = write(mount);
      // In the background, where no program hears of it.
      Patience.until("the flush has failed", () -> disk.failures() == 0);
      assertEquals(0, mount.end(MountFixture.LIMIT));
      disk.crash(new Random(1));
      assertArrayEquals(all, Contents.of(disk));
    }
  }

  @Test
  void nothingIsSavedOnceTheCacheCouldNotBeFlushed() throws Exception {
    CrashDisk cache = new CrashDisk(new byte[SIZE]);
    try (var fixture = new MountFixture(SIZE)) {
      ManagedMount mount =
          fixture.machine("bob").mountOn(cache, MountFixture.settings(Durability.REMOTE));
      cache.failFlushes(1);
      byte[] _ = write(mount);
      IOException told = assertThrows(IOException.class, () -> mount.device().flush());
      assertTrue(
          String.valueOf(told.getMessage()).contains("the cache of disk could not be made durable"),
          told::toString);
      assertThrows(IOException.class, () -> mount.device().flush());
      assertTrue(Objects.requireNonNull(mount.problem()).contains("cache"), mount::problem);
      assertThrows(IOException.class, () -> mount.end(Duration.ofSeconds(1)));
    }
  }
}
