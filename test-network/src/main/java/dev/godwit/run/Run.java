package dev.godwit.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The command {@code test-network/run}. */
public final class Run {
  /** How long everything may take to be put in order after Ctrl-C. */
  private static final long ORDER_SECONDS = 30;

  private static final Set<String> COMMANDS = Set.of("connectivity", "faults", "kills", "mounts");

  private Run() {}

  /** Arguments: what to run, and its options. */
  public static void main(String[] args) throws Exception {
    if (args.length == 0 || !COMMANDS.contains(args[0])) {
      System.err.println(
          """
          usage: test-network/run connectivity [--table FILE] [--kinds A,B] [--transports A,B]
                 test-network/run faults [--seeds N] [--faults A,B] [--size-mib N]
                 test-network/run kills [--rounds N] [--size-mib N]
                 test-network/run mounts [--seeds N] [--faults A,B] [--ways fuse,nbd] [--lanes N]
                 (busy-umount and dead-umount only with fuse)""");
      System.exit(2);
    }
    CountDownLatch over = new CountDownLatch(1);
    endInOrder(Thread.currentThread(), over);
    boolean good = false;
    try {
      good = run(args);
    } catch (InterruptedException e) {
      System.err.println("run: interrupted");
    } finally {
      over.countDown();
    }
    System.exit(good ? 0 : 1);
  }

  private static boolean run(String[] args) throws Exception {
    List<String> rest = Arrays.asList(args).subList(1, args.length);
    Path directory = Files.createTempDirectory("godwit-run");
    boolean good =
        switch (args[0]) {
          case "connectivity" -> Connectivity.run(System.out, directory, rest);
          case "faults" -> Faults.run(System.out, directory, rest);
          case "kills" -> Kills.run(System.out, directory, rest);
          default -> Mounts.run(System.out, directory, rest);
        };
    if (good) {
      delete(directory);
    } else {
      System.out.println("What is left of it to look at: " + directory);
    }
    return good;
  }

  /** Ctrl-C interrupts what runs, so that it closes what it has opened before this process ends. */
  private static void endInOrder(Thread running, CountDownLatch over) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (over.getCount() > 0) {
                    running.interrupt();
                    await(over);
                  }
                },
                "end-in-order"));
  }

  private static void await(CountDownLatch over) {
    try {
      if (!over.await(ORDER_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("It does not end; something may be left.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
