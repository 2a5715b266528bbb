package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class StateChangesTest {
  private static final SessionState LOST = new SessionState.Recovering("cut", 0);
  private static final SessionState OVER = new SessionState.Closed("enough");

  private final ReentrantLock lock = new ReentrantLock();
  private final StateChanges states =
      new StateChanges(lock, new SessionState.Recovering("not yet", 0));

  private void become(SessionState next) {
    lock.lock();
    try {
      states.become(next);
    } finally {
      lock.unlock();
    }
  }

  @Test
  void aChangeIsSeenBeforeItIsTold() {
    List<SessionState> told = new ArrayList<>();
    states.add(told::add);
    become(LOST);
    assertEquals(LOST, states.present());
    assertEquals(List.of(), told);
    states.tell();
    assertEquals(List.of(LOST), told);
  }

  @Test
  void nothingFollowsTheEnd() {
    List<SessionState> told = new ArrayList<>();
    states.add(told::add);
    become(OVER);
    become(LOST);
    states.tell();
    assertEquals(OVER, states.present());
    assertEquals(List.of(OVER), told);
  }

  @Test
  void aListenerThatChangesTheStateIsToldAfterwards() {
    List<String> told = new ArrayList<>();
    states.add(
        state -> {
          if (state.equals(LOST)) {
            become(OVER);
            states.tell();
          }
          told.add("first " + state);
        });
    states.add(state -> told.add("second " + state));
    become(LOST);
    states.tell();
    assertEquals(
        List.of("first " + LOST, "second " + LOST, "first " + OVER, "second " + OVER), told);
  }

  @Test
  void anotherThreadsChangeIsToldByTheOneThatIsTelling() throws Exception {
    List<SessionState> told = new ArrayList<>();
    CountDownLatch hearing = new CountDownLatch(1);
    CountDownLatch changed = new CountDownLatch(1);
    states.add(
        state -> {
          hearing.countDown();
          try {
            SessionFixture.await(changed);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          told.add(state);
        });
    become(LOST);
    Thread teller = Thread.ofVirtual().start(states::tell);
    SessionFixture.await(hearing);
    become(OVER);
    states.tell();
    changed.countDown();
    teller.join();
    assertEquals(List.of(LOST, OVER), told);
  }
}
