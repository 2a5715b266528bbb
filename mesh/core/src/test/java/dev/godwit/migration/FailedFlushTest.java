package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FlushFailedException;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.session.Session;
import dev.godwit.testing.CrashDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Disks that fail to flush once, and forget it. */
class FailedFlushTest {
  private static final int SIZE = 1 << 20;
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private static CrashDisk disk() {
    return new CrashDisk(new byte[SIZE]);
  }

  private static void write(Backend device) throws IOException {
    device.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 4096);
  }

  private static LeecherState leech(MigrationFixture fixture, ProgramHook hook) throws Exception {
    try (Session session = fixture.session()) {
      session.start();
      return fixture.leecher(session, hook, MigrationFixture.settings()).run();
    }
  }

  @Test
  void aFlushThatFailedWhileTheStateWasHandedOverFailsTheOneOfTheProgramToo() throws Exception {
    CrashDisk disk = disk();
    try (var fixture =
        new MigrationFixture(disk, new MemoryBackend(SIZE), ProgramHook.NONE, MINUTE)) {
      write(fixture.seeder.device());
      disk.failFlushes(1);
      LeecherState.Failed failed =
          assertInstanceOf(LeecherState.Failed.class, leech(fixture, ProgramHook.NONE));
      assertEquals(LeecherState.Where.SEEDER, failed.where());
      assertTrue(failed.reason().contains("could not be made durable"), failed::reason);
      assertThrows(FlushFailedException.class, () -> fixture.seeder.device().flush());
    }
  }

  @Test
  void aStateWhoseFlushFailedIsNotHandedOver() throws Exception {
    CrashDisk disk = disk();
    try (var fixture =
        new MigrationFixture(disk, new MemoryBackend(SIZE), ProgramHook.NONE, MINUTE)) {
      write(fixture.seeder.device());
      disk.failFlushes(1);
      assertThrows(IOException.class, () -> fixture.seeder.device().flush());
      assertInstanceOf(LeecherState.Failed.class, leech(fixture, ProgramHook.NONE));
      assertInstanceOf(SeederState.Idle.class, fixture.seeder.state());
    }
  }

  @Test
  void aCopyThatCouldNotBeFlushedIsNotAskedFor() throws Exception {
    CrashDisk disk = disk();
    try (var fixture =
        new MigrationFixture(new MemoryBackend(SIZE), disk, ProgramHook.NONE, MINUTE)) {
      write(fixture.seeder.device());
      disk.failFlushes(1);
      LeecherState.Failed failed =
          assertInstanceOf(LeecherState.Failed.class, leech(fixture, ProgramHook.NONE));
      assertEquals(LeecherState.Where.SEEDER, failed.where());
      assertInstanceOf(SeederState.Idle.class, fixture.seeder.state());
    }
  }

  @Test
  void theSeederKeepsItsCopyWhenAFlushFailsAfterTheHandover() throws Exception {
    CrashDisk disk = disk();
    AtomicReference<Backend> device = new AtomicReference<>();
    AtomicReference<Throwable> told = new AtomicReference<>();
    ProgramHook program =
        new ProgramHook() {
          @Override
          public void suspend() {}

          @Override
          public void resume() throws IOException {
            write(device.get());
            disk.failFlushes(1);
            told.set(assertThrows(FlushFailedException.class, () -> device.get().flush()));
          }
        };
    try (var fixture =
            new MigrationFixture(new MemoryBackend(SIZE), disk, ProgramHook.NONE, MINUTE);
        Session session = fixture.session()) {
      write(fixture.seeder.device());
      session.start();
      Leecher leecher = fixture.leecher(session, program, MigrationFixture.settings());
      device.set(leecher.device());
      LeecherState.Failed failed = assertInstanceOf(LeecherState.Failed.class, leecher.run());
      assertEquals(LeecherState.Where.HERE, failed.where());
      assertFalse(told.get() == null);
      assertInstanceOf(Ownership.Running.class, new Journal(fixture.leecherLog).ownership());
      assertInstanceOf(Ownership.HandedOver.class, new Journal(fixture.seederLog).ownership());
    }
  }
}
