package dev.godwit.bench;

import dev.godwit.demo.ChildProcess;
import dev.godwit.signaling.HubAddress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** How many nodes a hub of 512 MiB serves, and how many messages it routes. */
final class HubBench {
  private static final int NODES = 5000;
  private static final int RATE = 2000;
  private static final int IN_FLIGHT = 256;
  private static final int CAPACITY = 2_000_000;
  private static final int CLOCK_TICKS = 100;
  private static final Duration QUIET = Duration.ofSeconds(20);
  private static final Duration BUSY = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private HubBench() {}

  static void run(PrintStream out) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-bench");
    ProcessBuilder builder =
        new ProcessBuilder(
            System.getProperty("godwit.launcher", "godwit"),
            "hub",
            "--listen",
            "127.0.0.1:0",
            "--data",
            directory.resolve("hub").toString(),
            "--json");
    try (ChildProcess hub = ChildProcess.start("hub", directory, builder, event -> {})) {
      HubAddress address =
          HubAddress.parse(hub.await("ready", PATIENCE).getOrDefault("address", ""));
      measure(out, hub.pid(), address);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void measure(PrintStream out, long hub, HubAddress address)
      throws IOException, InterruptedException {
    out.printf(
        Locale.ROOT,
        "%nA hub with the limits that users have, %d nodes in meshes of 100, boxes of %d bytes%n",
        NODES,
        HubTraffic.BOX_BYTES);
    HubTraffic traffic = new HubTraffic(CAPACITY, IN_FLIGHT, 1);
    out.printf(Locale.ROOT, "  resident before the first login %26d MiB%n", residentMiB(hub));
    Cpu before = Cpu.now(hub);
    try (HubCrowd crowd = HubCrowd.gather(address, NODES, traffic, new SecureRandom())) {
      Cpu logins = Cpu.now(hub).since(before);
      out.printf(
          Locale.ROOT,
          "  logins %28.0f /s, hub %.2f and nodes %.2f of %d cores%n",
          NODES / logins.seconds(),
          logins.hubCores(),
          logins.ownCores(),
          Runtime.getRuntime().availableProcessors());
      out.printf(Locale.ROOT, "  resident after the last login %28d MiB%n", residentMiB(hub));
      Cpu quiet = Cpu.now(hub);
      Thread.sleep(QUIET);
      Cpu idle = Cpu.now(hub).since(quiet);
      out.printf(
          Locale.ROOT,
          "  resident after %d s of silence %27d MiB, hub %.2f cores%n",
          QUIET.toSeconds(),
          residentMiB(hub),
          idle.hubCores());
      traffic.between(crowd.nodes());
      // The good compiler has not seen this code yet.
      int _ = traffic.send(BUSY, RATE);
      load(out, hub, traffic, RATE, RATE + " messages a second");
      load(out, hub, traffic, 0, "with " + IN_FLIGHT + " under way");
      out.printf(Locale.ROOT, "  resident in the end %38d MiB%n", residentMiB(hub));
      if (traffic.wrong() > 0 || traffic.undelivered() > 0) {
        throw new IOException("messages were lost or changed: " + traffic);
      }
    }
  }

  private static void load(PrintStream out, long hub, HubTraffic traffic, int rate, String name)
      throws IOException, InterruptedException {
    if (!traffic.settle()) {
      throw new IOException("messages were lost: " + traffic);
    }
    Cpu start = Cpu.now(hub);
    int count = traffic.send(BUSY, rate);
    if (!traffic.settle()) {
      throw new IOException("messages were lost: " + traffic);
    }
    Cpu used = Cpu.now(hub).since(start);
    out.printf(
        Locale.ROOT,
        "  %-28s %7.0f /s, latency p50 %.2f ms, p99 %.2f ms, hub %.2f and nodes %.2f cores%n",
        name,
        count / used.seconds(),
        traffic.millis(count, 0.5),
        traffic.millis(count, 0.99),
        used.hubCores(),
        used.ownCores());
  }

  static long residentMiB(long pid) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"));
    String line =
        lines.stream().filter(each -> each.startsWith("VmRSS:")).findFirst().orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
  }

  /** Processor time of the hub and of this process, in seconds. */
  private record Cpu(double seconds, double hub, double own) {
    static Cpu now(long pid) throws IOException {
      return new Cpu(System.nanoTime() / 1e9, ticks(pid), ticks(ProcessHandle.current().pid()));
    }

    /** Fields 14 and 15, the second one is a name in parentheses. */
    private static double ticks(long pid) throws IOException {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / (double) CLOCK_TICKS;
    }

    Cpu since(Cpu start) {
      return new Cpu(seconds - start.seconds, hub - start.hub, own - start.own);
    }

    double hubCores() {
      return hub / seconds;
    }

    double ownCores() {
      return own / seconds;
    }
  }
}
