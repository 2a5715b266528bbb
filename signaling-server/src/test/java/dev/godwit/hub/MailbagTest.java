package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.godwit.hub.Outlet.Offer;
import dev.godwit.identity.NodeId;
import dev.godwit.seal.SealedBox;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MailbagTest {
  private static final int LIMIT = 1 << 20;

  private final Fixture fixture = new Fixture();
  private final NodeId bob = fixture.identity().id();
  private final NodeId mallory = fixture.identity().id();
  private final Mailbag bag = new Mailbag(LIMIT);

  private int fill(NodeId from, int size) {
    int count = 0;
    while (bag.put(from, new byte[size]) == Offer.TAKEN) {
      count++;
    }
    return count;
  }

  @Test
  void oneSenderFillsItsPartOnly() {
    int count = fill(mallory, 1000);
    assertEquals(LIMIT / 4 / (1000 + Outlet.OVERHEAD), count);
    assertEquals(Offer.TAKEN, bag.put(bob, new byte[1000]));
  }

  @Test
  void allSendersTogetherHaveALimit() {
    for (int i = 0; i < 20; i++) {
      int _ = fill(fixture.identity().id(), 1000);
    }
    assertEquals(Offer.LOST, bag.put(bob, new byte[1000]));
    assertEquals(LIMIT / (1000 + Outlet.OVERHEAD) * (1000 + Outlet.OVERHEAD), bag.bytes());
  }

  @Test
  void whatIsTakenOutMakesRoom() {
    byte[] first = new byte[10];
    assertEquals(Offer.TAKEN, bag.put(bob, first));
    int _ = fill(bob, 1000);
    assertSame(first, bag.poll());
    assertEquals(1000, Objects.requireNonNull(bag.poll()).length);
    assertEquals(Offer.TAKEN, bag.put(bob, new byte[1000]));
    assertEquals(Offer.LOST, bag.put(bob, new byte[1000]));
  }

  @Test
  void aBoxFitsHoweverSmallTheBagIs() {
    Mailbag small = new Mailbag(2 * SealedBox.MAX_BOX_BYTES);
    assertEquals(Offer.TAKEN, small.put(bob, new byte[SealedBox.MAX_BOX_BYTES]));
    assertEquals(SealedBox.MAX_BOX_BYTES + Outlet.OVERHEAD, small.bytes());
    byte[] _ = small.poll();
    assertNull(small.poll());
    assertEquals(0, small.bytes());
  }
}
