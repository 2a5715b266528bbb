package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.node.Started.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What ends with a node. */
class StartedTest {
  private final Started started = new Started();
  private final List<String> closed = new ArrayList<>();

  @Test
  void whatIsTakenEndsBeforeWhatIsOfferedAndTheLastFirst() throws Exception {
    Closeable _ = started.add(Kind.OFFERED, () -> closed.add("offered"));
    Closeable _ = started.add(Kind.TAKEN, () -> closed.add("first"));
    Closeable _ = started.add(Kind.TAKEN, () -> closed.add("second"));
    started.end();
    assertEquals(List.of("second", "first", "offered"), closed);
    started.end();
    assertEquals(3, closed.size());
  }

  @Test
  void whatIsForgottenDoesNotEndAgain() throws Exception {
    Closeable one = started.add(Kind.TAKEN, () -> closed.add("one"));
    started.forget(one);
    started.end();
    assertEquals(List.of(), closed);
  }

  @Test
  void oneThatFailsDoesNotKeepTheOthers() throws Exception {
    Closeable _ = started.add(Kind.OFFERED, () -> closed.add("offered"));
    Closeable _ =
        started.add(
            Kind.TAKEN,
            () -> {
              throw new IOException("the disk is full");
            });
    IOException failed = assertThrows(IOException.class, started::end);
    assertEquals("Not everything ended in order: the disk is full", failed.getMessage());
    assertEquals(List.of("offered"), closed);
  }

  @Test
  void whatIsStartedTooLateIsClosedAtOnce() throws Exception {
    started.end();
    assertThrows(NodeException.class, () -> started.add(Kind.TAKEN, () -> closed.add("late")));
    assertEquals(List.of("late"), closed);
  }
}
