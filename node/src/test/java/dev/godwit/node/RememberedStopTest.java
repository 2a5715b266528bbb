package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.migration.ProgramHook;
import dev.godwit.migration.UnfitForHandoverException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RememberedStopTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir private Path folder;
  private Path mark;
  private final List<String> called = new ArrayList<>();
  private final List<IOException> unresumed = new ArrayList<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch refusing = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  @BeforeEach
  void mark() {
    mark = folder.resolve("stopped");
  }

  private RememberedStop stop() {
    return new RememberedStop(
        new ProgramHook() {
          @Override
          public void suspend() {
            called.add("suspend " + Files.exists(mark));
          }

          @Override
          public void resume() {
            called.add("resume " + Files.exists(mark));
          }
        },
        mark,
        unresumed::add);
  }

  @Test
  void itIsRememberedFromBeforeTheStopUntilAfterTheProgramGoesOn() throws Exception {
    RememberedStop stop = stop();
    stop.suspend();
    assertTrue(stop.isLeft());
    stop.resume();
    assertFalse(stop.isLeft());
    assertEquals(List.of("suspend true", "resume true"), called);
  }

  @Test
  void aProgramThatCannotGoOnStaysRemembered() throws Exception {
    RememberedStop stop =
        new RememberedStop(
            new ProgramHook() {
              @Override
              public void suspend() {}

              @Override
              public void resume() throws IOException {
                throw new IOException("it does not");
              }
            },
            mark,
            unresumed::add);
    stop.suspend();
    IOException failure = assertThrows(IOException.class, stop::resume);
    assertEquals(List.of(failure), unresumed);
    assertTrue(stop.isLeft());
    stop.suspend();
  }

  @Test
  void whatStopsNothingLeavesNothing() throws Exception {
    RememberedStop stop = new RememberedStop(ProgramHook.NONE, mark, unresumed::add);
    stop.suspend();
    assertFalse(stop.isLeft());
  }

  @Test
  void noHandOverBeginsAfterTheEndHasBegun() throws Exception {
    RememberedStop stop = stop();
    stop.refuse(() -> false, LONG);
    assertThrows(UnfitForHandoverException.class, stop::suspend);
    assertEquals(List.of(), called);
  }

  /** As when the process is asked to end while the hook runs. */
  @Test
  void aHandOverUnderWayIsTakenBackBeforeTheEnd() throws Exception {
    RememberedStop stop =
        new RememberedStop(
            new ProgramHook() {
              @Override
              public void suspend() throws IOException {
                asked.countDown();
                try {
                  assertTrue(go.await(60, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
              }

              @Override
              public void resume() {
                called.add("resume");
              }
            },
            mark,
            unresumed::add);
    FutureTask<Boolean> seeder =
        new FutureTask<>(
            () -> {
              assertThrows(UnfitForHandoverException.class, stop::suspend);
              stop.resume();
              return true;
            });
    Thread.ofVirtual().start(seeder);
    assertTrue(asked.await(60, TimeUnit.SECONDS));
    FutureTask<Boolean> end =
        new FutureTask<>(
            () -> {
              stop.refuse(
                  () -> {
                    refusing.countDown();
                    return false;
                  },
                  LONG);
              return called.equals(List.of("resume"));
            });
    Thread.ofVirtual().start(end);
    assertTrue(refusing.await(60, TimeUnit.SECONDS));
    go.countDown();
    assertTrue(end.get(60, TimeUnit.SECONDS));
    assertTrue(seeder.get(60, TimeUnit.SECONDS));
    assertFalse(stop.isLeft());
  }
}
