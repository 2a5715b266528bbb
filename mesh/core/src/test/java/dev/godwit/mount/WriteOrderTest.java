package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.BlockClaims;
import dev.godwit.session.Origin;
import dev.godwit.session.Peer;
import dev.godwit.session.SessionId;
import dev.godwit.session.TestMesh;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WriteOrderTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final TestMesh.Member bob = new TestMesh().member("bob");
  private final Peer peer = new Peer(bob.id(), bob.membership());
  private final SessionId session = SessionId.random(RANDOM);
  private final WriteOrder order = new WriteOrder(Duration.ofSeconds(20));

  private Origin on(long link) {
    return new Origin(peer, session, link);
  }

  private BlockClaims.Claim begin(long generation, Origin origin) throws IOException {
    return Objects.requireNonNull(order.begin(generation, origin, 0, 10));
  }

  @Test
  void whatComesOnAnOlderConnectionIsNotDoneOnceSomethingCameOnANewerOne() throws Exception {
    begin(1, on(1)).close();
    begin(1, on(2)).close();
    assertNull(order.begin(1, on(1), 0, 10));
    assertNull(order.begin(1, on(1), 100, 110));
    assertNotNull(order.begin(1, on(2), 100, 110));
  }

  @Test
  void whatBeganOnAnOlderConnectionIsWaitedFor() throws Exception {
    BlockClaims.Claim old = begin(1, on(1));
    CountDownLatch over = new CountDownLatch(1);
    AtomicBoolean closedFirst = new AtomicBoolean();
    Thread newer =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    begin(1, on(2)).close();
                    closedFirst.set(over.getCount() == 0);
                  } catch (IOException e) {
                    closedFirst.set(false);
                  }
                });
    assertFalse(newer.join(Duration.ofMillis(50)));
    over.countDown();
    old.close();
    newer.join();
    assertTrue(closedFirst.get());
  }

  @Test
  void whatWaitedIsNotDoneWhenItsConnectionBecameOldMeanwhile() throws Exception {
    BlockClaims.Claim first = begin(1, on(1));
    AtomicBoolean done = new AtomicBoolean(true);
    Thread waiting =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    done.set(order.begin(1, on(1), 5, 6) != null);
                  } catch (IOException e) {
                    done.set(true);
                  }
                });
    while (waiting.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    assertNotNull(order.begin(1, on(2), 20, 30));
    first.close();
    waiting.join();
    assertFalse(done.get());
  }

  @Test
  void anOlderLeaseWritesNothingMore() throws Exception {
    order.advance(1, on(7));
    begin(1, on(7)).close();
    SessionId other = SessionId.random(RANDOM);
    order.advance(2, new Origin(peer, other, 1));
    assertNull(order.begin(1, on(8), 0, 10));
    assertNotNull(order.begin(2, new Origin(peer, other, 1), 0, 10));
  }

  @Test
  void aLeaseWaitsForWhatIsUnderWay() throws Exception {
    WriteOrder hasty = new WriteOrder(Duration.ofMillis(1));
    BlockClaims.Claim under = Objects.requireNonNull(hasty.begin(1, on(1), 3, 4));
    assertThrows(IOException.class, () -> hasty.advance(2, on(1)));
    under.close();
    hasty.advance(2, on(1));
  }

  @Test
  void theSameLeaseGoesOnInAnotherSession() throws Exception {
    order.advance(3, on(9));
    Origin restarted = new Origin(peer, SessionId.random(RANDOM), 1);
    order.advance(3, restarted);
    assertNull(order.begin(3, on(9), 0, 10));
    assertNotNull(order.begin(3, restarted, 0, 10));
  }
}
