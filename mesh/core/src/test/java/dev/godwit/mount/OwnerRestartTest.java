package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Contents;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An owner that loses power after it has taken what was written, and before it has flushed it. */
class OwnerRestartTest {
  private static final int SIZE = 1 << 20;

  /** A disk whose first flush never comes about: its machine is dead before. */
  private static final class DyingDisk extends ForwardingBackend {
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch dead = new CountDownLatch(1);

    DyingDisk(PowerLossBackend disk) {
      super(disk);
    }

    @Override
    public void flush() throws IOException {
      asked.countDown();
      try {
        if (dead.getCount() > 0) {
          assertTrue(dead.await(MountFixture.LIMIT.toSeconds(), TimeUnit.SECONDS), "not dead");
          throw new IOException("this machine lost its power");
        }
      } catch (InterruptedException e) {
        throw (IOException) new InterruptedIOException("interrupted").initCause(e);
      }
      super.flush();
    }
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void whatTheOwnerTookBeforeItBeganAnewIsSentAgain(Durability durability) throws Exception {
    PowerLossBackend disk = new PowerLossBackend(SIZE);
    DyingDisk dying = new DyingDisk(disk);
    try (var fixture = new MountFixture(dying)) {
      ManagedMount mount = fixture.machine("bob").mount(MountFixture.settings(durability));
      byte[] all = new byte[SIZE];
      new Random(1).nextBytes(all);
      mount.device().write(ByteBuffer.wrap(all), 0);

      // The background saves it: all of it is at the owner, none of it is flushed there.
      assertTrue(dying.asked.await(MountFixture.LIMIT.toSeconds(), TimeUnit.SECONDS));
      assertArrayEquals(all, Contents.of(disk));
      fixture.ownerEnds();
      disk.losePower(new Random(2));
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      dying.dead.countDown();

      mount.device().flush();
      Patience.until("it is saved", () -> mount.unsavedBytes() == 0);
      disk.losePower(new Random(3));
      assertArrayEquals(all, Contents.of(disk));
      assertEquals(0, mount.end(MountFixture.LIMIT));
    }
  }
}
