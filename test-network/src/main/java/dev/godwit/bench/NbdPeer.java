package dev.godwit.bench;

import dev.godwit.demo.ChildProcess;
import dev.godwit.libc.Deadline;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** NBD servers of a file: ours, and what people use for that. */
final class NbdPeer {
  private static final Duration POLL = Duration.ofMillis(10);
  private static final long POLITE_SECONDS = 10;

  private NbdPeer() {}

  /** Whose server. */
  enum Kind {
    /** The command that users run. */
    GODWIT("godwit seed"),
    /** Its file plugin. */
    NBDKIT("nbdkit file"),
    /** QEMU's, of a raw image. */
    QEMU_NBD("qemu-nbd");

    private final String sentence;

    Kind(String sentence) {
      this.sentence = sentence;
    }

    @Override
    public String toString() {
      return sentence;
    }
  }

  /** Servers that run. Closing ends them. */
  static final class Started implements AutoCloseable {
    private final Map<Kind, Path> sockets = new EnumMap<>(Kind.class);
    private final List<Process> processes = new ArrayList<>();
    private final List<ChildProcess> seeds = new ArrayList<>();

    /** Where each of them listens. */
    Map<Kind, Path> sockets() {
      return sockets;
    }

    @Override
    public void close() throws IOException {
      for (Process process : processes) {
        process.destroy();
      }
      try {
        for (Process process : processes) {
          if (!process.waitFor(POLITE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
          }
        }
        for (ChildProcess seed : seeds) {
          if (seed.stop() != 0) {
            throw new IOException("the seed did not end well" + seed.complaints());
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      for (Path socket : sockets.values()) {
        Files.deleteIfExists(socket);
      }
    }
  }

  /** Starts all of them, each with a file of its own; returns when they listen. */
  static Started start(World world, Member member, Map<Kind, Path> files)
      throws IOException, InterruptedException {
    Started started = new Started();
    try {
      for (var each : files.entrySet()) {
        Path socket = world.path(each.getKey().name());
        String file = each.getValue().toString();
        switch (each.getKey()) {
          case GODWIT ->
              started.seeds.add(
                  member.seed("disk", each.getValue(), "--device", "nbd:unix:" + socket));
          case NBDKIT -> run(world, started, "nbdkit", "-f", "-U", socket.toString(), "file", file);
          case QEMU_NBD ->
              run(
                  world,
                  started,
                  "qemu-nbd",
                  "-k",
                  socket.toString(),
                  "-f",
                  "raw",
                  "-t",
                  "-e",
                  "8",
                  file);
        }
        if (!Deadline.in(World.PATIENCE).await(POLL, () -> Files.exists(socket))) {
          throw new IOException(each.getKey() + " does not listen at " + socket);
        }
        started.sockets.put(each.getKey(), socket);
      }
      return started;
    } catch (IOException | InterruptedException | RuntimeException e) {
      started.close();
      throw e;
    }
  }

  private static void run(World world, Started started, String... command) throws IOException {
    started.processes.add(
        world
            .programs()
            .builder(List.of(command))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }
}
