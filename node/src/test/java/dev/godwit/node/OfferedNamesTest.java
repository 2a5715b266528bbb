package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.signaling.proto.OfferedResource;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What another node says that it offers. */
class OfferedNamesTest {
  private static OfferedResource offer(String name, String state) {
    return OfferedResource.newBuilder().setName(name).setState(state).build();
  }

  @Test
  void namesThatNobodyMayGiveAreNotShown() {
    List<OfferedResource> shown =
        ResourcePages.presentable(
            List.of(
                offer("vm1", "idle"),
                offer("\u001b[31mvm2", "idle"),
                offer("a\nb", "idle"),
                offer("../x y", "idle"),
                offer("n".repeat(101), "idle")));
    assertEquals(List.of(offer("vm1", "idle")), shown);
  }

  @Test
  void statesAreShownWithoutWhatTerminalsObey() {
    assertEquals(
        List.of(offer("vm1", "?[31midle?")),
        ResourcePages.presentable(List.of(offer("vm1", "\u001b[31midle\n"))));
  }
}
