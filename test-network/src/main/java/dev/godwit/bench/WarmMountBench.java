package dev.godwit.bench;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.LinkProfile;
import dev.godwit.testnetwork.Wan;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A mount that has everything, whose owner is near or far, against a local file beside its cache:
 * writes that are acknowledged here, and with the farthest owner random reads. Needs root.
 */
final class WarmMountBench {
  private static final long RATE = 1_000_000_000;
  private static final long SIZE = 256L << 20;
  private static final int RUNS = 5;

  /** What is measured; the file is read through the kernel's cache, as programs do. */
  private record Case(String name, String pattern, List<String> options) {}

  private static final List<Case> READS =
      List.of(
          new Case("4 KiB random read", "randread", List.of("--invalidate=0")),
          new Case(
              "4 KiB random read, O_DIRECT, depth 16",
              "randread",
              List.of("--direct=1", "--ioengine=libaio", "--iodepth=16")));

  private static final Case BUFFERED =
      new Case("4 KiB random write, buffered", "randwrite", List.of("--invalidate=0"));

  private static final List<Case> WRITES =
      List.of(
          new Case("4 KiB random write, fdatasync each", "randwrite", List.of("--fdatasync=1")),
          new Case("4 KiB random write, O_DIRECT", "randwrite", List.of("--direct=1")),
          BUFFERED);

  private final Wan wan;
  private final Path local;
  private final PrintStream out;

  private WarmMountBench(Wan wan, Path local, PrintStream out) {
    this.wan = wan;
    this.local = local;
    this.out = out;
  }

  static void run(PrintStream out) throws IOException, InterruptedException {
    for (int millis : List.of(0, 20)) {
      run(Duration.ofMillis(millis), WRITES, out);
    }
    List<Case> all = new ArrayList<>(READS);
    all.addAll(WRITES);
    run(Duration.ofMillis(100), all, out);
  }

  private static void run(Duration roundTrip, List<Case> cases, PrintStream out)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-bench");
    LinkProfile link = LinkProfile.PERFECT.withDelay(roundTrip.dividedBy(2)).withRate(RATE);
    try (Wan wan = Wan.create(directory, link, 7)) {
      World world = wan.world();
      Path state = world.path("state");
      Path local = world.path("local");
      MountBench.fill(state, SIZE);
      Files.copy(state, local);
      WarmMountBench bench = new WarmMountBench(wan, local, out);
      String owner = ", its owner " + roundTrip.toMillis() + " ms away, against a local file, fio";
      try (ChildProcess seed = wan.alice().seed("state", state)) {
        bench.measure(
            "A warm mount with --durability local" + owner,
            world.path("mounted").toString(),
            cases);
        bench.measure(
            "The same as a disk (block), whose writes the kernel gathers" + owner,
            "block",
            List.of(BUFFERED));
        if (!seed.complaints().isEmpty()) {
          throw new IOException("the owner complains" + seed.complaints());
        }
      }
    } finally {
      MountBench.delete(directory);
    }
  }

  /** Mounts it at {@code place}, waits until all of it is here, and measures. */
  private void measure(String title, String place, List<Case> cases)
      throws IOException, InterruptedException {
    try (ChildProcess mount =
        wan.bob().start("mount", "alice/state", place, "--durability", "local", "--listen", ":0")) {
      Path at = Path.of(String.valueOf(mount.await("ready", World.PATIENCE).get("at")));
      var _ =
          mount.await(
              "everything here",
              event ->
                  "progress".equals(event.get("event"))
                      && String.valueOf(SIZE).equals(event.get("bytesHere")),
              World.PATIENCE.multipliedBy(3));
      for (Path file : List.of(at, local)) {
        double _ = MountBench.read(wan.world(), file, "bs=1M");
      }
      Ratios ratios = new Ratios(out, title, "IOPS");
      for (Case one : cases) {
        List<Double> ours = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
          ours.add(fio(at, one).iops());
          theirs.add(fio(local, one).iops());
        }
        ratios.line(one.name(), ours, "local file", theirs);
      }
      if (mount.stop(World.PATIENCE) != 0) {
        throw new IOException("the mount did not end well" + mount.complaints());
      }
    }
  }

  private static Fio fio(Path file, Case one) {
    List<String> options = new ArrayList<>(List.of("--filename=" + file, "--size=" + SIZE));
    options.addAll(one.options());
    return Fio.of(one.pattern(), "4k", options);
  }
}
