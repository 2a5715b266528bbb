package dev.godwit.run;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * A file system on a mount over a WAN, with fio, git and SQLite at work in it, once with nothing
 * happening and many times with something happening at a random moment. Afterwards what the owner
 * has must be whole, and have everything that programs were told is durable.
 */
final class Mounts {
  private final PrintStream out;
  private final Path directory;
  private final Queue<Plan> plans = new ConcurrentLinkedQueue<>();

  /** A run to come. */
  private record Plan(MountFault fault, MountWay way, long seed) {}

  private Mounts(PrintStream out, Path directory) {
    this.out = out;
    this.directory = directory;
  }

  /**
   * Runs all faults.
   *
   * @param arguments {@code --seeds N} runs each so often, {@code --first N} is the first seed,
   *     {@code --faults A,B} and {@code --ways A,B} run some of them, where a fault suits the way,
   *     {@code --lanes N} as many side by side
   * @return whether all went well
   */
  static boolean run(PrintStream out, Path directory, List<String> arguments)
      throws IOException, InterruptedException {
    int seeds = 10;
    long first = 1;
    int lanes = 2;
    List<MountFault> faults = List.of(MountFault.values());
    List<MountWay> ways = List.of(MountWay.values());
    for (int i = 0; i + 1 < arguments.size(); i += 2) {
      String value = arguments.get(i + 1);
      switch (arguments.get(i)) {
        case "--seeds" -> seeds = Integer.parseInt(value);
        case "--first" -> first = Long.parseLong(value);
        case "--lanes" -> lanes = Integer.parseInt(value);
        case "--faults" -> faults = words(value).map(MountFault::valueOf).toList();
        case "--ways" -> ways = words(value).map(MountWay::valueOf).toList();
        default -> throw new IllegalArgumentException("unknown option " + arguments.get(i));
      }
    }
    Mounts mounts = new Mounts(out, directory);
    for (MountFault fault : faults) {
      List<MountWay> possible = ways.stream().filter(fault::suits).toList();
      for (long seed = first; seed < first + seeds; seed++) {
        // Both ways in turn; with nothing happening, both.
        if (fault == MountFault.NONE) {
          if (seed == first) {
            for (MountWay way : ways) {
              mounts.plans.add(new Plan(fault, way, seed));
            }
          }
        } else if (!possible.isEmpty()) {
          mounts.plans.add(new Plan(fault, possible.get((int) (seed % possible.size())), seed));
        }
      }
    }
    return mounts.all(lanes);
  }

  private static Stream<String> words(String value) {
    return Stream.of(value.split(",", -1))
        .map(word -> word.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  private boolean all(int lanes) throws IOException, InterruptedException {
    out.printf(
        "%-28s %4s %5s %8s %8s %8s  %s%n", "", "way", "seed", "after s", "durable", "whole s", "");
    List<Future<Boolean>> ends = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int lane = 0; lane < lanes; lane++) {
        MountLane next = new MountLane(directory.resolve("lane" + lane), lane + 1);
        ends.add(threads.submit(() -> all(next)));
      }
      boolean good = true;
      for (Future<Boolean> end : ends) {
        good &= end.get();
      }
      return good;
    } catch (ExecutionException e) {
      throw new IOException("a lane failed", e.getCause());
    }
  }

  private boolean all(MountLane lane) throws IOException, InterruptedException {
    boolean good = true;
    try (lane) {
      for (Plan plan = plans.poll(); plan != null; plan = plans.poll()) {
        good &= one(lane, plan);
      }
    }
    return good;
  }

  private boolean one(MountLane lane, Plan plan) throws IOException, InterruptedException {
    Path files;
    boolean good;
    try (MountRun run = new MountRun(lane, plan.fault(), plan.way(), plan.seed())) {
      files = run.directory();
      try {
        MountRun.Result result = run.run();
        good = result.complaints().isEmpty();
        print(plan, result);
      } catch (IOException | RuntimeException e) {
        good = false;
        Path log = directory.resolve(files.getFileName() + ".log");
        try (PrintWriter writer = new PrintWriter(Files.newBufferedWriter(log))) {
          e.printStackTrace(writer);
        }
        print(plan, "  ! " + e.getMessage() + " (" + log + ")");
      }
    }
    if (good) {
      delete(files);
    }
    return good;
  }

  private void print(Plan plan, MountRun.Result result) {
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%8.1f %8d %8.1f  %s",
                result.moment().toMillis() / 1000.0,
                result.durable(),
                result.whole().toMillis() / 1000.0,
                String.join("; ", result.remarks())));
    result.complaints().forEach(complaint -> line.append("\n  ! ").append(complaint));
    print(plan, line.toString());
  }

  private synchronized void print(Plan plan, String text) {
    out.printf(
        Locale.ROOT,
        "%-28s %4s %5d %s%n",
        plan.fault().sentence(),
        plan.way().word(),
        plan.seed(),
        text);
    out.flush();
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
