package dev.godwit.bench;

import dev.godwit.backend.MemoryBackend;
import dev.godwit.fuse.FuseFile;
import dev.godwit.fuse.FuseSettings;
import dev.godwit.libc.Deadline;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Our file over memory against nbdfuse over nbdkit's memory, with fio. Needs root. */
final class FuseBench {
  private static final long SIZE = 1L << 30;
  private static final int RUNS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(10);

  private FuseBench() {}

  private record Case(String name, String pattern, String block, int depth) {}

  private static final List<Case> SEQUENTIAL =
      List.of(
          new Case("1 MiB read, depth 4", "read", "1m", 4),
          new Case("1 MiB write, depth 4", "write", "1m", 4));

  private static final List<Case> RANDOM =
      List.of(
          new Case("4 KiB read, depth 1", "randread", "4k", 1),
          new Case("4 KiB read, depth 16", "randread", "4k", 16),
          new Case("4 KiB write, depth 1", "randwrite", "4k", 1),
          new Case("4 KiB write, depth 16", "randwrite", "4k", 16));

  static void run(PrintStream out) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-bench");
    Path socket = directory.resolve("socket");
    Path ours = Files.createFile(directory.resolve("ours"));
    Path theirs = Files.createFile(directory.resolve("theirs"));
    List<Process> processes = new ArrayList<>();
    try {
      Process nbdkit =
          new ProcessBuilder("nbdkit", "-f", "-U", socket.toString(), "-t", "8", "memory", "1G")
              .inheritIO()
              .start();
      processes.add(nbdkit);
      Process serving = BenchPeer.start(directory, "fuse", ours.toString());
      processes.add(serving);
      await("nbdkit", nbdkit, () -> Files.exists(socket));
      Process nbdfuse =
          new ProcessBuilder("nbdfuse", theirs.toString(), "nbd+unix:///?socket=" + socket)
              .inheritIO()
              .start();
      processes.add(nbdfuse);
      await("our file", serving, () -> Files.size(ours) == SIZE);
      await("nbdfuse", nbdfuse, () -> Files.size(theirs) == SIZE);
      for (Path file : List.of(ours, theirs)) {
        double _ = fio(file, SEQUENTIAL.getLast()).bandwidth();
      }
      Ratios bandwidth = new Ratios(out, "A file, memory, O_DIRECT, fio", "MB/s");
      for (Case one : SEQUENTIAL) {
        List<Double> mine = new ArrayList<>();
        List<Double> other = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
          mine.add(fio(ours, one).bandwidth());
          other.add(fio(theirs, one).bandwidth());
        }
        bandwidth.line(one.name(), mine, "nbdfuse", other);
      }
      Ratios requests = new Ratios(out, "The same, random", "IOPS");
      for (Case one : RANDOM) {
        List<Double> mine = new ArrayList<>();
        List<Double> other = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
          mine.add(fio(ours, one).iops());
          other.add(fio(theirs, one).iops());
        }
        requests.line(one.name(), mine, "nbdfuse", other);
      }
    } finally {
      for (Path file : List.of(ours, theirs)) {
        int _ = new ProcessBuilder("umount", file.toString()).inheritIO().start().waitFor();
      }
      for (Process process : processes.reversed()) {
        process.destroy();
        boolean _ = process.waitFor(5, TimeUnit.SECONDS);
        process.destroyForcibly();
      }
      MountBench.delete(directory);
    }
  }

  private static void await(String what, Process process, Deadline.Condition condition)
      throws IOException {
    Deadline.Condition readyOrOver = () -> condition.holds() || !process.isAlive();
    if (!Deadline.in(PATIENCE).await(POLL, readyOrOver) || !condition.holds()) {
      throw new IOException(what + " is not ready" + (process.isAlive() ? "" : ": it has ended"));
    }
  }

  private static Fio fio(Path file, Case one) {
    return Fio.of(
        one.pattern(),
        one.block(),
        List.of(
            "--filename=" + file,
            "--size=1g",
            "--direct=1",
            "--ioengine=libaio",
            "--iodepth=" + one.depth()));
  }

  /** The serving side, in a process of its own. */
  static void serve(String path) throws IOException, InterruptedException {
    MemoryBackend memory = new MemoryBackend(SIZE);
    byte[] noise = new byte[1 << 20];
    new Random(1).nextBytes(noise);
    for (long offset = 0; offset < SIZE; offset += noise.length) {
      memory.write(ByteBuffer.wrap(noise), offset);
    }
    try (var _ = FuseFile.mount(memory, Path.of(path), FuseSettings.DEFAULT)) {
      Thread.currentThread().join();
    }
  }
}
