package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.SparseFile;
import dev.godwit.log.FileLog;
import dev.godwit.session.TestMesh;
import dev.godwit.testing.disk.FailingDisk;
import dev.godwit.testing.disk.FailingDisk.Lasting;
import dev.godwit.testing.disk.FlushingProgram;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A mount, with files and journals on both sides, in which one disk fails at each of its calls in
 * turn. Afterwards both machines lose power, and the owner has to have every write that a flush has
 * confirmed to the program: at once, or as soon as the same cache is mounted again where the flush
 * only promised that.
 */
class FailingDiskMountTest {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 16;
  private static final Duration BRIEFLY = Duration.ofMillis(50);

  @TempDir Path directory;

  private enum Side {
    OWNER,
    MOUNT
  }

  /** One mount. */
  private final class Run {
    private final Map<Side, FailingDisk> disks = new EnumMap<>(Side.class);
    private final FlushingProgram program = new FlushingProgram(BLOCK, BLOCKS);
    private final TestMesh mesh = new TestMesh();
    private final TestMesh.Member alice = mesh.member("alice");
    private final TestMesh.Member bob = mesh.member("bob");
    private final Durability durability;
    private boolean told;
    private boolean whole;

    Run(String name, Durability durability) throws IOException {
      this.durability = durability;
      for (Side side : Side.values()) {
        Path folder = Files.createDirectories(directory.resolve(name).resolve(side.name()));
        try (Backend made =
            FileBackend.create(folder.resolve("state"), BLOCK * BLOCKS, file -> holes())) {
          assertEquals(BLOCK * BLOCKS, made.size());
        }
        disks.put(side, FailingDisk.on(folder));
      }
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

    private interface Use {
      void of(ManagedMount mount) throws IOException;
    }

    /** Everything from the opening of the files to their end. */
    private void life(Duration limit, Use use) throws Exception {
      try (Backend state = FileBackend.open(path(Side.OWNER, "state"), file -> holes());
          FileLog leases = FileLog.open(path(Side.OWNER, "leases"));
          Backend cache = FileBackend.open(path(Side.MOUNT, "state"), file -> holes());
          FileLog journal = FileLog.open(path(Side.MOUNT, "cache"));
          var fixture = new MountFixture(state, leases, mesh, alice)) {
        // Who could not even note that it has the lease has to wait until that is over.
        fixture.nanos.addAndGet(MountFixture.LEASE.plusSeconds(1).toNanos());
        try {
          MountFixture.Machine machine = fixture.machine(bob);
          ManagedMount mount = machine.mountOn(cache, journal, MountFixture.settings(durability));
          try {
            use.of(mount);
          } finally {
            told |= mount.problem() != null || mount.cacheProblem() != null;
            whole = machine.ends(mount, limit) == 0;
            told |= !whole;
          }
        } finally {
          told |= fixture.troubles.get() > 0;
        }
      }
    }

    void everything() throws Exception {
      life(
          BRIEFLY,
          mount -> {
            program.run(mount.device(), 1, 2, 3, 4, 5, 6, 7);
            program.run(mount.device(), 3);
            mount.device().read(ByteBuffer.allocate(BLOCK), 11 * BLOCK);
            program.run(mount.device(), 5, 10);
          });
    }

    byte[] owned() throws IOException {
      return Files.readAllBytes(Path.of(path(Side.OWNER, "state").toString()));
    }
  }

  private Run good(Durability durability) throws Exception {
    Run good = new Run("good", durability);
    good.life(
        MountFixture.LIMIT,
        mount -> {
          good.program.run(mount.device(), 1, 2, 3, 4, 5, 6, 7);
          good.program.run(mount.device(), 3);
          mount.device().read(ByteBuffer.allocate(BLOCK), 11 * BLOCK);
          good.program.run(mount.device(), 5, 10);
        });
    assertEquals(0, good.program.refused());
    good.program.check(good.owned(), "");
    return good;
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void noConfirmedWriteIsLostWhereverADiskFails(Durability durability) throws Exception {
    Run good = good(durability);
    int points = 0;
    int told = 0;
    for (Side side : Side.values()) {
      for (Lasting lasting : Lasting.values()) {
        for (int call = 0; call < good.disk(side).calls().size(); call++) {
          String name = side + "-" + lasting + "-" + call;
          Run run = new Run(name, durability);
          run.disk(side).failAt(call, lasting);
          try {
            run.everything();
          } catch (IOException e) {
            run.told = true;
          }
          if (run.disk(side).failures() == 0) {
            // A run differs a little from the one that was counted.
            continue;
          }
          points++;
          String where = " after " + name + ": " + run.disk(side).calls();
          if (run.told || run.program.refused() > 0) {
            told++;
          } else {
            // It was done once more, and then it was done.
            assertTrue(run.whole, "nobody was told" + where);
          }
          for (FailingDisk disk : run.disks.values()) {
            disk.repair();
            disk.losePower(new Random(call));
          }
          if (durability == Durability.REMOTE) {
            run.program.check(run.owned(), where);
          }
          run.life(MountFixture.LIMIT, mount -> {});
          run.program.check(run.owned(), where);
        }
      }
    }
    assertTrue(points >= 100, "only " + points + " points");
    assertTrue(told >= points * 9 / 10, told + " of " + points + " were told");
  }
}
