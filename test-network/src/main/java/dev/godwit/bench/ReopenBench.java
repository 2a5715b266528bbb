package dev.godwit.bench;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.LinkProfile;
import dev.godwit.testnetwork.Outcome;
import dev.godwit.testnetwork.Programs;
import dev.godwit.testnetwork.Wan;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Opening an ext4 image over a link with delay: mounting its file system, listing every folder and
 * reading some files; pulled from first to last, and in the order that was recorded the last time.
 * Needs root.
 */
final class ReopenBench {
  private static final Duration ROUND_TRIP = Duration.ofMillis(50);
  private static final long RATE = 100_000_000;
  private static final int FOLDERS = 60;
  private static final int FILES = 1500;
  private static final int FILE = 200_000;
  private static final int RUNS = 3;
  private static final int EVERY = 50;

  private ReopenBench() {}

  static void run(PrintStream out) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-bench");
    LinkProfile link =
        LinkProfile.PERFECT.withDelay(ROUND_TRIP.dividedBy(2)).withRate(RATE).withQueue(1 << 20);
    try (Wan wan = Wan.create(directory, link, 7)) {
      World world = wan.world();
      Path state = world.path("state");
      prepare(world.programs(), world.path("files"), state);
      List<Double> linear = new ArrayList<>();
      List<Double> profile = new ArrayList<>();
      try (ChildProcess seed = wan.alice().seed("state", state)) {
        double _ = open(wan, "profile");
        for (int run = 0; run < RUNS; run++) {
          linear.add(open(wan, "linear"));
          // What is recorded is what the mount before has read.
          profile.add(open(wan, "profile"));
        }
        if (!seed.complaints().isEmpty()) {
          throw new IOException("the owner complains" + seed.complaints());
        }
      }
      out.printf(
          Locale.ROOT,
          "%nOpening an ext4 image of %d MiB, %d ms, %d Mbit/s: linear %.1f s, recorded profile"
              + " %.1f s, ratio %.1f  (%s | %s)%n",
          Files.size(state) >> 20,
          ROUND_TRIP.toMillis(),
          RATE / 1_000_000,
          Ratios.median(linear),
          Ratios.median(profile),
          Ratios.median(linear) / Ratios.median(profile),
          seconds(linear),
          seconds(profile));
    } finally {
      MountBench.delete(directory);
    }
  }

  private static List<String> seconds(List<Double> values) {
    return values.stream().map(each -> String.format(Locale.ROOT, "%.1f", each)).toList();
  }

  private static void prepare(Programs programs, Path files, Path state)
      throws IOException, InterruptedException {
    Random random = new Random(3);
    for (int i = 0; i < FILES; i++) {
      Path folder = Files.createDirectories(files.resolve("folder" + i % FOLDERS));
      byte[] bytes = new byte[random.nextInt(FILE)];
      random.nextBytes(bytes);
      Files.write(folder.resolve("file" + i), bytes);
    }
    var _ =
        programs
            .run("mkfs.ext4", "-q", "-F", "-d", files.toString(), state.toString(), "400M")
            .succeeded();
  }

  /** Seconds from the mount's readiness until everything was read that is needed. */
  private static double open(Wan wan, String order) throws IOException, InterruptedException {
    World world = wan.world();
    Programs programs = world.programs();
    Path at = world.path("mounted");
    Path files = Files.createDirectories(world.path("opened"));
    try (ChildProcess mount =
        wan.bob()
            .start(
                "mount",
                "alice/state",
                at.toString(),
                "--read-only",
                "--pull-order",
                order,
                "--listen",
                ":0")) {
      var _ = mount.await("ready", World.PATIENCE);
      long start = System.nanoTime();
      var _ =
          programs
              .run("mount", "-t", "ext4", "-o", "ro,loop", at.toString(), files.toString())
              .succeeded();
      double taken;
      try {
        var _ = programs.run("ls", "-lR", files.toString()).succeeded();
        for (int i = 0; i < FILES; i += EVERY) {
          Outcome _ =
              programs
                  .run(
                      "md5sum",
                      files.resolve("folder" + i % FOLDERS).resolve("file" + i).toString())
                  .succeeded();
        }
        taken = (System.nanoTime() - start) / 1e9;
      } finally {
        var _ = programs.run("umount", files.toString()).succeeded();
      }
      if (mount.stop(World.PATIENCE) != 0) {
        throw new IOException("the mount did not end well" + mount.complaints());
      }
      return taken;
    }
  }
}
