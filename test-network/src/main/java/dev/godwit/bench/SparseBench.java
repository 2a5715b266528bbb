package dev.godwit.bench;

import dev.godwit.backend.FileBackend;
import dev.godwit.demo.ChildProcess;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A sparse resource of 100 GiB with 1 GiB of data in it, between two real nodes. */
final class SparseBench {
  private static final long SIZE = 100L << 30;
  private static final long DATA = 1L << 30;

  private SparseBench() {}

  private static void make(Path file, long size) throws IOException {
    byte[] noise = new byte[1 << 20];
    Random random = new Random(2);
    try (FileBackend backend = FileBackend.create(file, size, NativeSparseFile.opener())) {
      long pieces = DATA / noise.length;
      for (long i = 0; i < pieces; i++) {
        random.nextBytes(noise);
        backend.write(ByteBuffer.wrap(noise), i * (size / pieces));
      }
    }
  }

  /** The same data in a resource that it fills, and in one that is a hundred times as large. */
  static void run(PrintStream out) throws Exception {
    out.printf(Locale.ROOT, "%n1 GiB of data in a sparse resource, between two nodes%n");
    run(out, DATA);
    run(out, SIZE);
  }

  private static void run(PrintStream out, long size) throws Exception {
    Path directory = Files.createTempDirectory("godwit-bench");
    try (World world = World.in(directory)) {
      List<Member> members = world.mesh("alice", "bob");
      Path source = world.path("sparse");
      make(source, size);
      ChildProcess seed = members.get(0).seed("sparse", source);
      seed.await("ready", World.PATIENCE);
      long start = System.nanoTime();
      ChildProcess leech = members.get(1).leech("alice/sparse", world.path("copy"));
      CompletableFuture<Boolean> over = new CompletableFuture<>();
      CompletableFuture<long[]> peaks =
          CompletableFuture.supplyAsync(() -> watch(over, seed.pid(), leech.pid()));
      leech.await("complete", World.PATIENCE.multipliedBy(5));
      double seconds = (System.nanoTime() - start) / 1e9;
      over.complete(true);
      out.printf(
          Locale.ROOT,
          "  %3d GiB: %.1f s, peak resident memory: seeder %.0f MiB, leecher %.0f MiB%n",
          size >> 30,
          seconds,
          peaks.join()[0] / 1024.0,
          peaks.join()[1] / 1024.0);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /** The highest peaks seen until it is over; a process that has ended has none any more. */
  private static long[] watch(CompletableFuture<Boolean> over, long... pids) {
    long[] peaks = new long[pids.length];
    while (!over.isDone()) {
      for (int i = 0; i < pids.length; i++) {
        peaks[i] = Math.max(peaks[i], peakKiB(pids[i]));
      }
      LockSupport.parkNanos(50_000_000);
    }
    return peaks;
  }

  private static long peakKiB(long pid) {
    Path status = Path.of("/proc/" + pid + "/status");
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return 0;
  }
}
