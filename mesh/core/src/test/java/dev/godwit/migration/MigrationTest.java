package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Contents;
import dev.godwit.chunk.FencedException;
import dev.godwit.session.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole migrations between two sides in one process, over the in-memory transport. */
@Timeout(60)
class MigrationTest {

  private static void fill(Backend backend, long seed) throws IOException {
    byte[] bytes = new byte[(int) backend.size()];
    new Random(seed).nextBytes(bytes);
    backend.write(ByteBuffer.wrap(bytes), 0);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 511, 4096, 4097, 65536, 65537, 1_000_003, 5 << 20})
  void movesStateOfAnySize(long size) throws Exception {
    try (var fixture = new MigrationFixture(size, ProgramHook.NONE);
        Session session = fixture.session()) {
      fill(fixture.seeder.device(), size);
      session.start();
      Leecher leecher = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings());
      assertEquals(new LeecherState.Complete(2), leecher.run());
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
      assertInstanceOf(SeederState.Released.class, fixture.seeder.state());
    }
  }

  @Test
  void movesOnlyTheDataOfASparseResource() throws Exception {
    try (var fixture = new MigrationFixture(10L << 30, ProgramHook.NONE);
        Session session = fixture.session()) {
      fixture.seeder.device().write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 7L << 30);
      session.start();
      Leecher leecher = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings());
      assertEquals(new LeecherState.Complete(2), leecher.run());
      assertTrue(
          leecher.progress().bytesFetched() <= 1 << 20,
          () -> leecher.progress().bytesFetched() + " bytes for three");
      ByteBuffer there = ByteBuffer.allocate(3);
      fixture.target.read(there, 7L << 30);
      assertArrayEquals(new byte[] {1, 2, 3}, there.array());
    }
  }

  /** A disk is never empty. */
  @Test
  void whatTheTargetHoldsWhereTheSourceIsEmptyIsWiped() throws Exception {
    try (var fixture = new MigrationFixture(5 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      fixture.seeder.device().write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 2 << 20);
      fill(fixture.target, 8);
      session.start();
      Leecher leecher = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings());
      assertEquals(new LeecherState.Complete(2), leecher.run());
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
    }
  }

  /** A program that writes until it is suspended, and remembers what was acknowledged. */
  private static final class Writer implements ProgramHook {
    private final byte[] oracle;
    private final Random random = new Random(7);
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private @Nullable Thread thread;
    private Backend device;

    Writer(Backend device) {
      this.device = device;
      this.oracle = new byte[(int) device.size()];
    }

    void start(Backend on) {
      device = on;
      stop.set(false);
      thread = Thread.ofPlatform().start(this::write);
    }

    private void write() {
      try {
        while (!stop.get()) {
          byte[] bytes = new byte[1 + random.nextInt(9000)];
          random.nextBytes(bytes);
          int offset = random.nextInt(oracle.length - bytes.length);
          device.write(ByteBuffer.wrap(bytes), offset);
          System.arraycopy(bytes, 0, oracle, offset, bytes.length);
        }
      } catch (IOException | RuntimeException e) {
        failure.set(e);
      }
    }

    @Override
    public void suspend() throws IOException {
      stop.set(true);
      try {
        Objects.requireNonNull(thread).join();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }

    @Override
    public void resume() {}
  }

  @Test
  void losesNoAcknowledgedWriteOfAProgramThatWritesAllTheTime() throws Exception {
    AtomicReference<@Nullable Writer> writer = new AtomicReference<>();
    ProgramHook hook =
        new ProgramHook() {
          @Override
          public void suspend() throws IOException {
            Objects.requireNonNull(writer.get()).suspend();
          }

          @Override
          public void resume() {}
        };
    try (var fixture = new MigrationFixture(8 << 20, hook);
        Session session = fixture.session()) {
      Writer program = new Writer(fixture.seeder.device());
      writer.set(program);
      program.start(fixture.seeder.device());
      session.start();
      AtomicReference<@Nullable Leecher> here = new AtomicReference<>();
      ProgramHook goOn =
          new ProgramHook() {
            @Override
            public void suspend() {}

            @Override
            public void resume() {
              program.start(Objects.requireNonNull(here.get()).device());
            }
          };
      Leecher leecher = fixture.leecher(session, goOn, MigrationFixture.settings());
      here.set(leecher);
      assertEquals(new LeecherState.Complete(2), leecher.run());
      program.suspend();
      assertEquals(null, program.failure.get());
      assertArrayEquals(program.oracle, Contents.of(fixture.target));
    }
  }

  @Test
  void survivesConnectionsThatDieAllTheTime() throws Exception {
    try (var fixture = new MigrationFixture(64 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      fill(fixture.source, 5);
      session.start();
      Leecher leecher = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings());
      AtomicBoolean over = new AtomicBoolean();
      Thread killer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    long next = 4 << 20;
                    while (!over.get()) {
                      if (leecher.progress().bytesFetched() > next) {
                        next += 4 << 20;
                        fixture.connections.getLast().close("cut by the test");
                      }
                      Thread.onSpinWait();
                    }
                  });
      LeecherState end = leecher.run();
      over.set(true);
      killer.join();
      assertEquals(new LeecherState.Complete(2), end);
      assertTrue(fixture.connections.size() > 3, () -> fixture.connections.size() + " connections");
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
    }
  }

  @Test
  void devicesOfTheSeederFailAfterTheHandover() throws Exception {
    try (var fixture = new MigrationFixture(1 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings()).run();
      assertThrows(
          FencedException.class, () -> fixture.seeder.device().write(ByteBuffer.allocate(1), 0));
    }
  }

  @Test
  void aFailingSuspendHookLeavesTheProgramAtTheSource() throws Exception {
    AtomicBoolean resumed = new AtomicBoolean();
    ProgramHook hook =
        new ProgramHook() {
          @Override
          public void suspend() throws IOException {
            throw new IOException("it does not listen");
          }

          @Override
          public void resume() {
            resumed.set(true);
          }
        };
    try (var fixture = new MigrationFixture(1 << 20, hook);
        Session session = fixture.session()) {
      session.start();
      LeecherState end =
          fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings()).run();
      LeecherState.Failed failed = assertInstanceOf(LeecherState.Failed.class, end);
      assertEquals(LeecherState.Where.SEEDER, failed.where());
      assertTrue(failed.reason().contains("it does not listen"), failed::reason);
      assertTrue(resumed.get());
      assertEquals(
          1, assertInstanceOf(SeederState.Idle.class, fixture.seeder.state()).generation());
      fixture.seeder.device().write(ByteBuffer.allocate(1), 0);
    }
  }

  @Test
  void aFailingResumeHookGivesTheStateBack() throws Exception {
    AtomicBoolean resumed = new AtomicBoolean();
    ProgramHook atSource =
        new ProgramHook() {
          @Override
          public void suspend() {}

          @Override
          public void resume() {
            resumed.set(true);
          }
        };
    ProgramHook failing =
        new ProgramHook() {
          @Override
          public void suspend() {}

          @Override
          public void resume() throws IOException {
            throw new IOException("no such program");
          }
        };
    try (var fixture = new MigrationFixture(1 << 20, atSource);
        Session session = fixture.session()) {
      fill(fixture.seeder.device(), 3);
      session.start();
      LeecherState end = fixture.leecher(session, failing, MigrationFixture.settings()).run();
      LeecherState.Failed failed = assertInstanceOf(LeecherState.Failed.class, end);
      assertEquals(LeecherState.Where.SEEDER, failed.where());
      assertTrue(failed.reason().contains("no such program"), failed::reason);
      assertTrue(resumed.get());
      assertEquals(
          3, assertInstanceOf(SeederState.Idle.class, fixture.seeder.state()).generation());
      fixture.seeder.device().write(ByteBuffer.allocate(1), 0);
      // And a second attempt works.
      try (Session second = fixture.session()) {
        second.start();
        Leecher leecher = fixture.leecher(second, ProgramHook.NONE, MigrationFixture.settings());
        assertEquals(new LeecherState.Complete(4), leecher.run());
      }
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
    }
  }
}
