package dev.godwit.bench;

import dev.godwit.backend.MemoryBackend;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Our NBD server on memory against nbdkit's memory plugin, with fio over a UNIX socket. */
final class NbdBench {
  private static final long SIZE = 1L << 30;
  private static final int RUNS = 5;

  private NbdBench() {}

  /** What fio does. */
  record Case(String name, String pattern, String block, int depth) {}

  static final List<Case> CASES =
      List.of(
          new Case("4 KiB read, depth 1", "randread", "4k", 1),
          new Case("4 KiB write, depth 1", "randwrite", "4k", 1),
          new Case("4 KiB read, depth 32", "randread", "4k", 32),
          new Case("4 KiB write, depth 32", "randwrite", "4k", 32),
          new Case("1 MiB read, depth 8", "read", "1m", 8),
          new Case("1 MiB write, depth 8", "write", "1m", 8));

  static void run(PrintStream out) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-bench");
    Path ourSocket = directory.resolve("ours");
    Path theirSocket = directory.resolve("theirs");
    Process nbdkit =
        new ProcessBuilder("nbdkit", "-f", "-U", theirSocket.toString(), "-t", "8", "memory", "1G")
            .inheritIO()
            .start();
    Process ours = BenchPeer.start(directory, "nbd", ourSocket.toString());
    try {
      await(theirSocket);
      await(ourSocket);
      fill(theirSocket);
      Ratios ratios = new Ratios(out, "NBD, memory, UNIX socket, fio", "IOPS");
      for (Case one : CASES) {
        List<Double> mine = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
          mine.add(fio(ourSocket, one));
          theirs.add(fio(theirSocket, one));
        }
        ratios.line(one.name(), mine, "nbdkit", theirs);
      }
    } finally {
      nbdkit.destroy();
      ours.destroy();
      nbdkit.waitFor(5, TimeUnit.SECONDS);
      ours.waitFor(5, TimeUnit.SECONDS);
      Files.deleteIfExists(ourSocket);
      Files.deleteIfExists(theirSocket);
      Files.deleteIfExists(directory.resolve("nbd.err"));
      Files.deleteIfExists(directory);
    }
  }

  private static void await(Path socket) {
    while (!Files.exists(socket)) {
      LockSupport.parkNanos(10_000_000);
    }
  }

  /** Both read memory that was written before. */
  private static void fill(Path socket) throws IOException, InterruptedException {
    double _ = fio(socket, new Case("fill", "write", "1m", 8));
  }

  static double fio(Path socket, Case one) throws IOException, InterruptedException {
    return Fio.of(
            one.pattern(),
            one.block(),
            List.of(
                "--ioengine=nbd",
                "--uri=nbd+unix:///?socket=" + socket,
                "--size=1g",
                "--iodepth=" + one.depth()))
        .iops();
  }

  /** The serving side, in a process of its own. */
  static void serve(String socket) throws IOException, InterruptedException {
    MemoryBackend memory = new MemoryBackend(SIZE);
    byte[] noise = new byte[1 << 20];
    new Random(1).nextBytes(noise);
    for (long offset = 0; offset < SIZE; offset += noise.length) {
      memory.write(ByteBuffer.wrap(noise), offset);
    }
    try (var _ =
        NbdListener.open(
            NbdAddress.parse("nbd:unix:" + socket),
            new NbdServer(ExportTable.of(Export.of("", memory))))) {
      Thread.currentThread().join();
    }
  }
}
