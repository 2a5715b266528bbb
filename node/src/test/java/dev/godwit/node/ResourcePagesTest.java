package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.signaling.proto.IntroduceReply;
import dev.godwit.signaling.proto.OfferedResource;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

final class ResourcePagesTest {
  private final NodeId peer = Identity.generate(new SecureRandom()).id();
  private final ResourcePages pages = new ResourcePages();

  private void add(String name) {
    pages.add(
        peer,
        IntroduceReply.newBuilder()
            .addResources(OfferedResource.newBuilder().setName(name))
            .setMore(true)
            .build());
  }

  @Test
  void whoSaysThatThereIsMoreIsAskedOn() {
    add("a");
    assertFalse(pages.isComplete());
    assertEquals("a", pages.last());
  }

  @Test
  void whoRepeatsItselfIsNotAskedForever() {
    add("b");
    add("b");
    assertTrue(pages.isComplete());
  }

  @Test
  void whoHasNoEndIsNotAskedForever() {
    for (int i = 0; i < 100 && !pages.isComplete(); i++) {
      add("a" + (char) ('!' + i));
    }
    assertTrue(pages.isComplete());
  }
}
