package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.google.protobuf.ByteString;
import dev.godwit.hub.RevocationIntake.Taken;
import dev.godwit.limit.TokenBucket;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.PublishRevocations;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RevocationIntakeTest {
  private static final int PAGE = HubProtocol.REVOCATIONS_PAGE_BYTES;

  private final Fixture fixture = new Fixture();
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final RevocationIntake intake = new RevocationIntake(3L * PAGE, now::get);

  private Member member() {
    Credentials who = fixture.credentials(fixture.identity());
    SealingCertificate certificate =
        who.sealingKey().certificate(who.identity(), who.instance(), Instant.now().plusSeconds(60));
    return new Member(
        new VerifiedLogin(who.node(), who.mesh(), who.instance(), certificate),
        RelayPass.random(fixture.random),
        Instant.now(),
        new Outlet(new EmbeddedChannel(), 1000, () -> {}),
        new TokenBucket(fixture.clock, 1000, 1000, Duration.ofSeconds(1)));
  }

  private Taken take(Member from, int offset, int size, int total) {
    return intake.take(
        from,
        PublishRevocations.newBuilder()
            .setVersion(9)
            .setOffset(offset)
            .setTotal(total)
            .setPage(ByteString.copyFrom(new byte[size]))
            .build());
  }

  @Test
  void pagesInOrderMakeTheWhole() {
    Member bob = member();
    assertInstanceOf(Taken.Unfinished.class, take(bob, 0, PAGE, PAGE + 10));
    Taken.Whole whole = assertInstanceOf(Taken.Whole.class, take(bob, PAGE, 10, PAGE + 10));
    assertEquals(PAGE + 10, whole.encoded().size());
    assertEquals(0, intake.bytes());
  }

  @Test
  void aPageThatDoesNotFollowIsRefused() {
    Member bob = member();
    assertInstanceOf(Taken.Unfit.class, take(bob, PAGE, 10, PAGE + 10));
    assertInstanceOf(Taken.Unfinished.class, take(bob, 0, PAGE, 2 * PAGE + 10));
    assertInstanceOf(Taken.Unfit.class, take(bob, PAGE + 1, 10, 2 * PAGE + 10));
    assertInstanceOf(Taken.Unfinished.class, take(bob, 0, PAGE, 2 * PAGE + 10));
    assertInstanceOf(Taken.Unfit.class, take(bob, PAGE, 10, 2 * PAGE + 11));
    assertInstanceOf(Taken.Unfit.class, take(member(), PAGE, 10, 2 * PAGE + 10));
    assertEquals(0, intake.bytes());
  }

  @Test
  void lengthsThatMakeNoSenseAreRefused() {
    Member bob = member();
    assertInstanceOf(Taken.Unfit.class, take(bob, 0, 0, 10));
    assertInstanceOf(Taken.Unfit.class, take(bob, 0, PAGE + 1, 2 * PAGE));
    assertInstanceOf(Taken.Unfit.class, take(bob, 0, 10, Revocations.MAX_BYTES + 1));
    assertInstanceOf(Taken.Unfit.class, take(bob, 0, 10, -1));
    assertInstanceOf(Taken.Unfit.class, take(bob, -1, 10, 20));
    assertInstanceOf(Taken.Unfit.class, take(bob, 15, 10, 20));
    assertEquals(0, intake.bytes());
  }

  @Test
  void whatIsUnfinishedHasALimitAndWhoTakesLongestBeginsAnew() {
    Member slow = member();
    assertInstanceOf(Taken.Unfinished.class, take(slow, 0, PAGE, 3 * PAGE));
    now.set(now.get().plusSeconds(1));
    Member second = member();
    assertInstanceOf(Taken.Unfinished.class, take(second, 0, PAGE, 2 * PAGE));
    assertInstanceOf(Taken.Unfinished.class, take(member(), 0, PAGE, 2 * PAGE));
    assertInstanceOf(Taken.Unfinished.class, take(member(), 0, PAGE, 2 * PAGE));
    assertEquals(3 * PAGE, intake.bytes());
    assertInstanceOf(Taken.Unfit.class, take(slow, PAGE, PAGE, 3 * PAGE));
    assertInstanceOf(Taken.Whole.class, take(second, PAGE, PAGE, 2 * PAGE));
  }

  @Test
  void whatDoesNotGoOnEndsByItself() {
    assertInstanceOf(Taken.Unfinished.class, take(member(), 0, PAGE, 2 * PAGE));
    now.set(Instant.EPOCH.plus(RevocationIntake.PATIENCE).plus(Duration.ofSeconds(1)));
    assertInstanceOf(Taken.Unfinished.class, take(member(), 0, PAGE, 2 * PAGE));
    assertEquals(PAGE, intake.bytes());
  }

  @Test
  void aSecondPublicationOfTheSameListDoesNotDisturbTheFirst() {
    Member bob = member();
    assertInstanceOf(Taken.Unfinished.class, take(bob, 0, PAGE, 3 * PAGE));
    assertInstanceOf(Taken.Unfinished.class, take(bob, 0, PAGE, 3 * PAGE));
    assertInstanceOf(Taken.Unfinished.class, take(bob, PAGE, PAGE, 3 * PAGE));
    assertInstanceOf(Taken.Unfinished.class, take(bob, PAGE, PAGE, 3 * PAGE));
    assertInstanceOf(Taken.Whole.class, take(bob, 2 * PAGE, PAGE, 3 * PAGE));
  }

  @Test
  void whoLeavesTakesItsPagesAlong() {
    Member bob = member();
    assertInstanceOf(Taken.Unfinished.class, take(bob, 0, PAGE, 2 * PAGE));
    intake.left(bob);
    assertEquals(0, intake.bytes());
  }
}
