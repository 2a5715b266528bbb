package dev.godwit.bench;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Host;
import dev.godwit.internet.LinkProfile;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.Wan;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Mounts over links with delay, by real nodes, with iperf3 on the same link as the yardstick: how
 * long until the first bytes can be read, how fast a cold mount is read from first to last, and the
 * same for what others use; then a warm mount against a local file. Needs root.
 */
final class MountBench {
  private static final long RATE = 200_000_000;
  private static final int QUEUE = 1 << 20;
  private static final long SIZE = 256L << 20;

  /** Enough to see how slow the others are. */
  private static final long OTHERS_SIZE = 32L << 20;

  private static final int SAMPLES = 3;
  private static final Duration WARM_UP = Duration.ofSeconds(3);
  private static final Duration MEASURED = Duration.ofSeconds(6);

  private final PrintStream out;

  private MountBench(PrintStream out) {
    this.out = out;
  }

  static void run(PrintStream out) throws IOException, InterruptedException {
    out.printf(
        Locale.ROOT,
        "%nCold mounts over a link of %d Mbit/s, %d MiB of noise (others: %d MiB); round trips of"
            + " 0, 20 and 100 ms%n",
        RATE / 1_000_000,
        SIZE >> 20,
        OTHERS_SIZE >> 20);
    MountBench bench = new MountBench(out);
    for (int delay : List.of(0, 20, 100)) {
      bench.measure(delay);
    }
    WarmMountBench.run(out);
    ReopenBench.run(out);
    HugeMountBench.run(out);
  }

  private void measure(int roundTripMillis) throws IOException, InterruptedException {
    LinkProfile link =
        LinkProfile.PERFECT
            .withDelay(Duration.ofMillis(roundTripMillis).dividedBy(2))
            .withRate(RATE)
            .withQueue(QUEUE);
    Path directory = Files.createTempDirectory("godwit-bench");
    try (Wan wan = Wan.create(directory, link, 7)) {
      World world = wan.world();
      TransportBench.prepare(wan.near());
      TransportBench.prepare(wan.far());
      String usual = Files.readString(Path.of("/proc/sys/net/ipv4/tcp_congestion_control")).strip();
      double tcp = Iperf3.rate(wan.near(), wan.far(), usual, WARM_UP, MEASURED);
      out.printf(Locale.ROOT, "  %3d ms: iperf3 (%s) %.1f MB/s%n", roundTripMillis, usual, tcp);
      Path folder = Files.createDirectories(world.path("served"));
      Path state = folder.resolve("state");
      fill(state, SIZE);
      try (ChildProcess seed = wan.alice().seed("state", state)) {
        List<Double> firsts = new ArrayList<>();
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < SAMPLES; i++) {
          cold(world, wan.bob(), i, firsts, rates);
        }
        double rate = Ratios.median(rates);
        out.printf(
            Locale.ROOT,
            "    godwit mount: first 4 KiB after %.0f ms, all of it %.1f MB/s = %.2f of iperf3  (%s)%n",
            Ratios.median(firsts) * 1000,
            rate,
            rate / tcp,
            rates.stream().map(each -> String.format(Locale.ROOT, "%.1f", each)).toList());
        if (!seed.complaints().isEmpty()) {
          throw new IOException("the owner complains" + seed.complaints());
        }
      }
      fill(state, OTHERS_SIZE);
      for (OtherMount.Kind kind : OtherMount.Kind.values()) {
        other(world, kind, wan.near(), wan.far(), folder);
      }
    } finally {
      delete(directory);
    }
  }

  private static void cold(
      World world, Member bob, int number, List<Double> firsts, List<Double> rates)
      throws IOException, InterruptedException {
    Path at = world.path("mounted" + number);
    try (ChildProcess mount = bob.start("mount", "alice/state", at.toString(), "--listen", ":0")) {
      var _ = mount.await("ready", World.PATIENCE);
      firsts.add(read(world, at, "bs=4096", "count=1"));
      rates.add(SIZE / 1e6 / read(world, at, "bs=1M"));
      if (mount.stop() != 0) {
        throw new IOException("the mount did not end well" + mount.complaints());
      }
    }
  }

  private void other(World world, OtherMount.Kind kind, Host near, Host far, Path folder)
      throws IOException, InterruptedException {
    Path work = Files.createDirectories(world.path(kind.name()));
    long begun = System.nanoTime();
    try (OtherMount mount = OtherMount.start(world.programs(), kind, near, far, folder, work)) {
      double _ = read(world, mount.file(), "bs=4096", "count=1");
      double first = (System.nanoTime() - begun) / 1e9;
      double rate = OTHERS_SIZE / 1e6 / read(world, mount.file(), "bs=1M");
      out.printf(
          Locale.ROOT,
          "    %s: mounted and first 4 KiB after %.0f ms, all of it %.1f MB/s%n",
          kind.sentence(),
          first * 1000,
          rate);
    }
  }

  /** Seconds that {@code dd} takes. */
  static double read(World world, Path at, String... how) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("dd", "if=" + at, "of=/dev/null"));
    command.addAll(List.of(how));
    long start = System.nanoTime();
    var _ = world.programs().run(command.toArray(String[]::new)).succeeded();
    return (System.nanoTime() - start) / 1e9;
  }

  /** Noise, so that nothing can be compressed away. */
  static void fill(Path file, long size) throws IOException {
    Random random = new Random(1);
    byte[] piece = new byte[1 << 20];
    try (OutputStream to = Files.newOutputStream(file)) {
      for (long done = 0; done < size; done += piece.length) {
        random.nextBytes(piece);
        to.write(piece);
      }
    }
  }

  /** Removes a folder and what is in it. */
  static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
