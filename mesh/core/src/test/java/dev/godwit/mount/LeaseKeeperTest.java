package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.mount.MountClient.Access;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A mount whose process, or machine, stood still: what its keeper says of the lease afterwards. */
class LeaseKeeperTest {
  private static final Duration BRIEFLY = Duration.ofMillis(50);

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicReference<Instant> instant = new AtomicReference<>(Instant.EPOCH);
  private final BlockingQueue<String> lost = new LinkedBlockingQueue<>();
  private MountFixture fixture;
  private MountClient bob;
  private LeaseClock clock;
  private LeaseKeeper keeper;

  @BeforeEach
  void open() throws Exception {
    fixture = new MountFixture(1 << 20);
    bob = new MountClient(fixture.session(fixture.mesh.member("bob")));
    MountClient.Opened opened =
        bob.open(MountId.random(MountFixture.RANDOM), Access.WRITE, 0, false);
    clock = new LeaseClock(opened.lease(), nanos::get, instant::get);
    keeper = new LeaseKeeper(bob, opened, clock, lost::add);
  }

  @AfterEach
  void close() throws Exception {
    keeper.close();
    fixture.close();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
    fixture.nanos.addAndGet(time.toNanos());
  }

  private void somebodyElseWrites() throws IOException {
    var carol = new MountClient(fixture.session(fixture.mesh.member("carol")));
    var _ = carol.open(MountId.random(MountFixture.RANDOM), Access.WRITE, 0, false);
  }

  @Test
  void aLeaseThatWentToSomebodyElseMeanwhileIsNoticedBeforeAnythingIsPromised() throws Exception {
    pass(MountFixture.LEASE.plusSeconds(1));
    somebodyElseWrites();
    IOException told = assertThrows(IOException.class, () -> keeper.ensure(MountFixture.LIMIT));
    assertTrue(told.toString().contains("another mount may write now"), told::toString);
    assertEquals(told.getMessage(), lost.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void aLeaseThatNobodyElseHadIsRenewed() throws Exception {
    pass(MountFixture.LEASE.plusSeconds(1));
    assertTrue(clock.isOver());
    keeper.ensure(MountFixture.LIMIT);
    assertFalse(clock.isOver());
  }

  /** The clock that counts stands still meanwhile, the other one does not. */
  @Test
  void aMachineThatSleptAsksToo() throws Exception {
    fixture.nanos.addAndGet(MountFixture.LEASE.plusSeconds(1).toNanos());
    instant.set(Instant.EPOCH.plus(MountFixture.LEASE));
    somebodyElseWrites();
    assertThrows(IOException.class, () -> keeper.ensure(MountFixture.LIMIT));
  }

  @Test
  void whileTheLeaseLastsNobodyIsAsked() throws Exception {
    pass(MountFixture.LEASE.minusNanos(1));
    fixture.ownerEnds();
    long before = System.nanoTime();
    keeper.ensure(Duration.ofDays(1));
    assertFalse(clock.isOver(), () -> "after " + (System.nanoTime() - before) + " ns");
  }

  @Test
  void anOwnerThatIsAwayIsAskedInVainOncePerLease() throws Exception {
    fixture.ownerEnds();
    pass(MountFixture.LEASE);
    keeper.ensure(BRIEFLY);
    assertFalse(clock.isOver());
    // It is known to be away, so nobody waits for it again.
    keeper.ensure(Duration.ofDays(1));
    pass(MountFixture.LEASE);
    assertTrue(clock.isOver());
  }

  @Test
  void whatWasSentBeforeTheMachineStoodStillRenewsOnlyFromThen() {
    LeaseClock.Moment sent = clock.now();
    pass(MountFixture.LEASE);
    clock.confirmed(sent);
    assertTrue(clock.isOver());
    clock.unanswered(sent);
    assertTrue(clock.isOver());
  }
}
