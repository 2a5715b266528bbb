package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.SparseFile;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.log.FileLog;
import dev.godwit.session.Session;
import dev.godwit.testing.disk.FailingDisk;
import dev.godwit.testing.disk.FailingDisk.Lasting;
import dev.godwit.testing.disk.FlushingProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole migration, with files and journals, in which one disk fails at each of its calls in turn.
 * Afterwards both machines lose power, and whoever owns the state by the journals has to have every
 * write that a flush has confirmed to the program.
 */
class FailingDiskTest {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 16;

  @TempDir Path directory;

  private enum Side {
    SEEDER,
    LEECHER
  }

  /** One migration. */
  private final class Run {
    private final Map<Side, FailingDisk> disks = new EnumMap<>(Side.class);
    private final FlushingProgram program = new FlushingProgram(BLOCK, BLOCKS);
    private LeecherState end = new LeecherState.Connecting();

    Run(String name) throws IOException {
      for (Side side : Side.values()) {
        Path folder = Files.createDirectories(directory.resolve(name).resolve(side.name()));
        try (Backend made = FileBackend.create(folder.resolve("state"), size(), file -> holes())) {
          assertEquals(size(), made.size());
        }
        disks.put(side, FailingDisk.on(folder));
      }
    }

    private static long size() {
      return (long) BLOCK * BLOCKS;
    }

    private static SparseFile holes() {
      return SparseFile.dense();
    }

    private FailingDisk disk(Side side) {
      return Objects.requireNonNull(disks.get(side));
    }

    private Path path(Side side, String name) {
      return disk(side).root().resolve(name);
    }

    void everything() throws Exception {
      try (Backend source = FileBackend.open(path(Side.SEEDER, "state"), file -> holes());
          Backend target = FileBackend.open(path(Side.LEECHER, "state"), file -> holes());
          FileLog seederLog = FileLog.open(path(Side.SEEDER, "journal"));
          FileLog leecherLog = FileLog.open(path(Side.LEECHER, "journal"));
          var fixture =
              new MigrationFixture(
                  source, target, seederLog, leecherLog, ProgramHook.NONE, Duration.ofMinutes(1));
          Session session = fixture.session()) {
        program.run(fixture.seeder.device(), 1, 2, 3, 4, 5, 6, 7);
        program.run(fixture.seeder.device(), 3);
        session.start();
        move(fixture, session);
      }
    }

    private void move(MigrationFixture fixture, Session session) throws Exception {
      List<Backend> device = new ArrayList<>();
      ProgramHook resumed =
          new ProgramHook() {
            @Override
            public void suspend() {}

            @Override
            public void resume() {
              program.run(device.getFirst(), 4, 8, 9);
            }
          };
      Leecher leecher = fixture.leecher(session, resumed, MigrationFixture.settings());
      device.add(leecher.device());
      end = leecher.run();
      switch (end) {
        case LeecherState.Complete _ -> program.run(leecher.device(), 5, 10);
        case LeecherState.Failed failed when failed.where() == LeecherState.Where.HERE ->
            program.run(leecher.device(), 5, 10);
        default -> program.run(fixture.seeder.device(), 5, 10);
      }
    }

    /** What the owner has, once both are back. */
    byte[] owned() throws IOException {
      byte[] here = Files.readAllBytes(directory(Side.LEECHER).resolve("state"));
      byte[] there = Files.readAllBytes(directory(Side.SEEDER).resolve("state"));
      Ownership leecher = ownership(Side.LEECHER);
      Ownership seeder = ownership(Side.SEEDER);
      boolean gone = seeder instanceof Ownership.HandedOver || seeder instanceof Ownership.Released;
      return switch (leecher) {
        case Ownership.Owned _, Ownership.Taken _ -> {
          assertTrue(gone, "two owners");
          yield here;
        }
        case Ownership.Running running -> {
          assertTrue(seeder instanceof Ownership.HandedOver, "released, and not complete");
          yield mixed(here, there, running.missing());
        }
        case Ownership.Finalizing finalizing
            when seeder instanceof Ownership.HandedOver given
                && given.token().equals(finalizing.token()) -> {
          byte[] mixed = mixed(here, there, finalizing.missing());
          yield mixed(mixed, there, given.dirty());
        }
        default -> {
          assertFalse(gone, "no owner");
          yield there;
        }
      };
    }

    private static byte[] mixed(byte[] here, byte[] there, BlockRuns missing) {
      BlockSet set = new BlockSet(BLOCKS);
      missing.addTo(set);
      byte[] mixed = here.clone();
      set.forEachRun(
          (from, to) ->
              System.arraycopy(there, from * BLOCK, mixed, from * BLOCK, (to - from) * BLOCK));
      return mixed;
    }

    private Path directory(Side side) {
      return Path.of(disk(side).root().toString());
    }

    private Ownership ownership(Side side) throws IOException {
      try (FileLog log = FileLog.open(directory(side).resolve("journal"))) {
        return new Journal(log).ownership();
      }
    }
  }

  private Run good() throws Exception {
    Run good = new Run("good");
    good.everything();
    assertEquals(LeecherState.Complete.class, good.end.getClass());
    assertEquals(0, good.program.refused());
    good.program.check(good.owned(), "");
    return good;
  }

  @Test
  void noConfirmedWriteIsLostWhereverADiskFails() throws Exception {
    Run good = good();
    int points = 0;
    int told = 0;
    for (Side side : Side.values()) {
      for (Lasting lasting : Lasting.values()) {
        for (int call = 0; call < good.disk(side).calls().size(); call++) {
          String name = side + "-" + lasting + "-" + call;
          Run run = new Run(name);
          run.disk(side).failAt(call, lasting);
          boolean refused = false;
          try {
            run.everything();
          } catch (IOException e) {
            refused = true;
          }
          if (run.disk(side).failures() == 0) {
            // A run differs a little from the one that was counted.
            continue;
          }
          points++;
          if (refused || run.program.refused() > 0 || !(run.end instanceof LeecherState.Complete)) {
            told++;
          }
          for (FailingDisk disk : run.disks.values()) {
            disk.repair();
            disk.losePower(new Random(call));
          }
          run.program.check(
              run.owned(), " after " + name + ", " + run.end + ": " + run.disk(side).calls());
        }
      }
    }
    assertTrue(points >= 100, "only " + points + " points");
    assertTrue(told >= points * 3 / 4, told + " of " + points + " were told");
  }
}
