package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Contents;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.FencedException;
import dev.godwit.chunk.PullOrder;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PullFirstTest {
  private static final int SIZE = 3 * 1024 * 1024 + 777;
  private static final Duration STEP = Duration.ofMillis(1);
  private static final int ALL = 1 << 20;

  /** Each read waits until it is allowed. */
  private static final class GatedBackend extends ForwardingBackend {
    final Semaphore allowed = new Semaphore(0);

    GatedBackend(Backend below) {
      super(below);
    }

    @Override
    public void read(ByteBuffer dst, long offset) throws IOException {
      try {
        allowed.acquire();
      } catch (InterruptedException e) {
        throw Interruption.passedOn("interrupted", e);
      }
      super.read(dst, offset);
    }
  }

  private final byte[] contents = new byte[SIZE];
  private final GatedBackend disk = new GatedBackend(new MemoryBackend(SIZE));
  private final AtomicLong nanos = new AtomicLong();

  PullFirstTest() throws IOException {
    new Random(1).nextBytes(contents);
    disk.write(ByteBuffer.wrap(contents), 0);
  }

  private static ManagedMount.Settings first() {
    return new ManagedMount.Settings(
        Durability.REMOTE,
        MountFixture.LIMIT,
        resource -> PullOrder.linear(),
        ManagedMount.Pull.FIRST,
        Duration.ofMillis(20),
        Duration.ofMillis(20),
        1 << 30);
  }

  private PullFirst pullFirst(ManagedMount mount) {
    return new PullFirst(mount, MountFixture.LIMIT, nanos::get);
  }

  @Test
  void nothingIsMissingAfterwards() throws Exception {
    try (var fixture = new MountFixture(disk)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(first());
      PullFirst pull = pullFirst(mount);
      assertFalse(pull.await(STEP));
      disk.allowed.release(ALL);
      assertTrue(pull.await(MountFixture.LIMIT));
      assertEquals(0, mount.missingBytes());
      fixture.ownerEnds();
      assertArrayEquals(contents, Contents.of(bob.cache));
      assertArrayEquals(contents, Contents.of(mount.device()));
    }
  }

  @Test
  void whatIsHereAlreadyIsNotWaitedFor() throws Exception {
    disk.allowed.release(ALL);
    try (var fixture = new MountFixture(disk)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(first());
      assertTrue(pullFirst(mount).await(MountFixture.LIMIT));
      assertEquals(0, mount.end(MountFixture.LIMIT));
      assertTrue(pullFirst(bob.mount(first())).await(Duration.ZERO));
    }
  }

  @Test
  void anOwnerThatIsSlowIsWaitedFor() throws Exception {
    try (var fixture = new MountFixture(disk)) {
      ManagedMount mount = fixture.machine("bob").mount(first());
      PullFirst pull = pullFirst(mount);
      boolean whole = false;
      while (!whole) {
        long missing = mount.missingBytes();
        disk.allowed.release();
        while (!whole && mount.missingBytes() == missing) {
          whole = pull.await(STEP);
        }
        // So it has seen that something has come.
        whole = pull.await(STEP);
        nanos.addAndGet(MountFixture.LIMIT.toNanos() - 1);
      }
      assertEquals(0, mount.missingBytes());
    }
  }

  @Test
  void anOwnerThatComesBackIsWaitedFor() throws Exception {
    try (var fixture = new MountFixture(disk)) {
      ManagedMount mount = fixture.machine("bob").mount(first());
      PullFirst pull = pullFirst(mount);
      fixture.ownerEnds();
      disk.allowed.release(ALL);
      nanos.addAndGet(MountFixture.LIMIT.toNanos() - 1);
      assertFalse(pull.await(STEP));
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      assertTrue(pull.await(MountFixture.LIMIT));
      assertArrayEquals(contents, Contents.of(mount.device()));
    }
  }

  @Test
  void failsWhenNothingComesForTooLong() throws Exception {
    try (var fixture = new MountFixture(disk)) {
      PullFirst pull = pullFirst(fixture.machine("bob").mount(first()));
      fixture.ownerEnds();
      disk.allowed.release(ALL);
      assertFalse(pull.await(STEP));
      nanos.addAndGet(MountFixture.LIMIT.toNanos());
      IOException lost = assertThrows(IOException.class, () -> pull.await(STEP));
      assertEquals("nothing has come for 20 s", lost.getMessage());
    }
  }

  @Test
  void failsWhenSomebodyElseHasTheLease() throws Exception {
    Duration lease = Duration.ofSeconds(1);
    try (var fixture = new MountFixture(disk)) {
      fixture.ownerBegins(MountHost.Writers.MOUNTS, lease);
      PullFirst pull = pullFirst(fixture.machine("bob").mount(first()));
      fixture.nanos.addAndGet(lease.toNanos() + 1);
      ManagedMount _ = fixture.machine("carol").mount(first());
      assertThrows(
          FencedException.class,
          () -> {
            while (!pull.await(STEP)) {
              Thread.onSpinWait();
            }
          });
      disk.allowed.release(ALL);
    }
  }

  @Test
  void saysWhyNothingIsFetched() throws Exception {
    disk.allowed.release(ALL);
    try (var fixture = new MountFixture(disk)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mountOn(new FullBackend(bob.cache), first());
      IOException failure = null;
      while (failure == null) {
        assertFalse(pullFirst(mount).await(STEP));
        failure = mount.pullFailure();
      }
      assertEquals("No space left on device", failure.getMessage());
    }
  }

  /** A disk that is full, but for holes. */
  private static final class FullBackend extends ForwardingBackend {
    FullBackend(Backend below) {
      super(below);
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
      throw new IOException("No space left on device");
    }
  }
}
