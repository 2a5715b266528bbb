package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.mount.MountClient.Access;
import dev.godwit.session.RemoteException;
import dev.godwit.session.TestMesh;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A cache whose disk takes longer to flush than the lease lasts. */
class SlowFlushTest {
  private static final int SIZE = 1 << 20;
  private static final Duration LEASE = Duration.ofSeconds(2);

  private static final class SlowDisk extends ForwardingBackend {
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch goes = new CountDownLatch(1);

    SlowDisk() {
      super(new MemoryBackend(SIZE));
    }

    @Override
    public void flush() throws IOException {
      asked.countDown();
      try {
        assertTrue(goes.await(MountFixture.LIMIT.toSeconds(), TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw (IOException) new InterruptedIOException("interrupted").initCause(e);
      }
      super.flush();
    }
  }

  /** The first mount may have renewed it in between. */
  private static boolean isTaken(MountFixture fixture, TestMesh.Member by) throws IOException {
    fixture.nanos.addAndGet(LEASE.multipliedBy(2).toNanos());
    try {
      RemoteBackend _ = fixture.direct(by, Access.WRITE);
      return true;
    } catch (RemoteException e) {
      return false;
    }
  }

  /** What it promised could never be saved. */
  @Test
  void aFlushDuringWhichTheLeaseWasLostFails() throws Exception {
    SlowDisk disk = new SlowDisk();
    try (var fixture = new MountFixture(SIZE)) {
      fixture.ownerBegins(MountHost.Writers.MOUNTS, LEASE);
      ManagedMount mount =
          fixture.machine("bob").mountOn(disk, MountFixture.settings(Durability.LOCAL));
      TestMesh.Member carol = fixture.mesh.member("carol");
      mount.device().write(ByteBuffer.allocate(100), 0);
      Thread other =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      assertTrue(disk.asked.await(20, TimeUnit.SECONDS));
                      Patience.until("somebody else has it", () -> isTaken(fixture, carol));
                      Patience.until("the lease is lost", () -> mount.lost() != null);
                      disk.goes.countDown();
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  });
      assertThrows(IOException.class, () -> mount.device().flush());
      other.join();
      mount.close();
    }
  }
}
