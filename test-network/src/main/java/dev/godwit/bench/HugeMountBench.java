package dev.godwit.bench;

import dev.godwit.demo.ChildProcess;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Mounts of a sparse resource of one tebibyte and of one that is tiny: how much longer the large
 * one takes to open, and how much more memory the process needs. Needs root.
 */
final class HugeMountBench {
  private static final long SIZE = 1L << 40;
  private static final long TINY = 1L << 20;
  private static final int PIECES = 1000;
  private static final int RUNS = 3;

  private HugeMountBench() {}

  /** What a mount takes. */
  private record Cost(double seconds, double mebibytes) {}

  static void run(PrintStream out) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-bench");
    try (World world = World.in(directory)) {
      List<Member> members = world.mesh("alice", "bob");
      Path huge = world.path("huge");
      Path tiny = world.path("tiny");
      MountBench.fill(tiny, TINY);
      try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
        file.setLength(SIZE);
        for (int i = 0; i < PIECES; i++) {
          file.seek(SIZE / PIECES * i);
          file.writeLong(i + 1L);
        }
      }
      try (ChildProcess one = members.getFirst().seed("huge", huge);
          ChildProcess other = members.getFirst().seed("tiny", tiny)) {
        List<Cost> large = new ArrayList<>();
        List<Cost> small = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
          large.add(mount(world, members.getLast(), "alice/huge"));
          small.add(mount(world, members.getLast(), "alice/tiny"));
        }
        out.printf(
            Locale.ROOT,
            "%nA mount of 1 TiB, sparse, %d pieces: ready after %.2f s (1 MiB: %.2f s), resident"
                + " %.0f MiB (1 MiB: %.0f MiB)%n",
            PIECES,
            Ratios.median(large.stream().map(Cost::seconds).toList()),
            Ratios.median(small.stream().map(Cost::seconds).toList()),
            Ratios.median(large.stream().map(Cost::mebibytes).toList()),
            Ratios.median(small.stream().map(Cost::mebibytes).toList()));
        if (!one.complaints().isEmpty() || !other.complaints().isEmpty()) {
          throw new IOException("an owner complains" + one.complaints() + other.complaints());
        }
      }
    } finally {
      MountBench.delete(directory);
    }
  }

  private static Cost mount(World world, Member bob, String name)
      throws IOException, InterruptedException {
    Path at = world.path("mounted");
    long start = System.nanoTime();
    try (ChildProcess mount =
        bob.start("mount", name, at.toString(), "--no-pull", "--listen", "127.0.0.1:0")) {
      var _ = mount.await("ready", World.PATIENCE);
      double _ = MountBench.read(world, at, "bs=4096", "count=1");
      double seconds = (System.nanoTime() - start) / 1e9;
      double resident = resident(mount.pid());
      if (mount.stop() != 0) {
        throw new IOException("the mount did not end well" + mount.complaints());
      }
      return new Cost(seconds, resident);
    }
  }

  private static double resident(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException("process " + pid + " has no memory");
  }
}
