package dev.godwit.run;

import dev.godwit.backend.FileBackend;
import dev.godwit.demo.ChildProcess;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One migration of a state that a program works with, during which processes are killed. The same
 * commands are given again until the state has moved.
 */
final class KillRound implements AutoCloseable {
  private static final Duration SETTLED = Duration.ofMinutes(2);
  private static final Duration END = Duration.ofSeconds(30);
  private static final Duration LOOK = Duration.ofMillis(10);

  /** Nearly all that there is to kill takes place in this. */
  private static final int MOMENT_MILLIS = 1500;

  private static final int MOST_KILLS = 3;

  private final Member alice;
  private final Member bob;
  private final String resource;
  private final Random random;
  private final Path state;
  private final Path moved;
  private final Path here;
  private final Path there;
  private final NumberedBlocks blocks;
  private final FollowingProgram program;
  private final List<String> killed = new ArrayList<>();
  private @Nullable ChildProcess seed;
  private @Nullable ChildProcess leech;
  private boolean sourceIsDone;

  /**
   * @param blocks how large the state is
   */
  KillRound(World world, Member alice, Member bob, long number, int blocks) throws IOException {
    this.alice = alice;
    this.bob = bob;
    this.resource = "state" + number;
    this.random = new Random(number);
    this.state = world.path(resource);
    this.moved = world.path(resource + "-moved");
    this.here = world.path(resource + ".a");
    this.there = world.path(resource + ".b");
    this.blocks = new NumberedBlocks(blocks);
    this.program = new FollowingProgram(List.of(here, there), this.blocks, new Random(number + 1));
    try (FileBackend made =
        FileBackend.create(
            state, (long) blocks * NumberedBlocks.BYTES, NativeSparseFile.opener())) {
      this.blocks.fill(made);
    }
  }

  /**
   * What came of it.
   *
   * @param killed who, in order
   * @param flushes that the program was told of
   */
  record Result(List<String> killed, long flushes, Duration took, List<String> complaints) {}

  private void startSeed() throws IOException {
    seed =
        alice.start(
            "seed",
            resource,
            "--from",
            state.toString(),
            "--device",
            "nbd:unix:" + here,
            "--listen",
            "127.0.0.1:0");
  }

  private void startLeech() throws IOException {
    leech = bob.leech("alice/" + resource, moved, "--device", "nbd:unix:" + there);
  }

  Result run() throws IOException, InterruptedException {
    long begun = System.nanoTime();
    startSeed();
    running(seed).await("ready", World.PATIENCE);
    program.start();
    startLeech();
    for (int kills = 1 + random.nextInt(MOST_KILLS); kills > 0; kills--) {
      goOn(Duration.ofMillis(random.nextInt(MOMENT_MILLIS)));
      kill();
    }
    List<String> complaints = new ArrayList<>();
    if (!settles()) {
      complaints.add("it does not settle" + said());
    }
    complaints.addAll(program.end());
    int ended = running(leech).stop(END);
    if (ended != 0) {
      complaints.add("the leech ended with " + ended + running(leech).complaints());
    }
    if (complaints.isEmpty()) {
      try (FileBackend arrived = FileBackend.open(moved, NativeSparseFile.opener())) {
        complaints.addAll(blocks.check(arrived));
      }
    }
    return new Result(
        killed, blocks.flushes(), Duration.ofNanos(System.nanoTime() - begun), complaints);
  }

  private static ChildProcess running(@Nullable ChildProcess process) {
    if (process == null) {
      throw new IllegalStateException("it was not started");
    }
    return process;
  }

  private void kill() {
    int who = random.nextInt(5);
    if (who != 0 && !sourceIsDone) {
      killed.add("seed");
      running(seed).close();
    }
    if (who < 3) {
      killed.add("leech");
      running(leech).close();
    }
  }

  /** Starts again what has died, for some time. */
  private void goOn(Duration time) throws IOException, InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      look();
      Thread.sleep(LOOK);
    }
  }

  /** Starts again what has died until the state has moved; whether it has in time. */
  private boolean settles() throws IOException, InterruptedException {
    long end = System.nanoTime() + SETTLED.toNanos();
    while (!(sourceIsDone && hasMoved() && program.works(there))) {
      if (System.nanoTime() >= end) {
        return false;
      }
      look();
      Thread.sleep(LOOK);
    }
    return true;
  }

  private void look() throws IOException, InterruptedException {
    if (!sourceIsDone && !running(seed).isAlive()) {
      sourceIsDone = running(seed).awaitEnd(END) == 0 || hasLeft(running(seed));
      if (!sourceIsDone) {
        startSeed();
      }
    }
    if (!running(leech).isAlive()) {
      startLeech();
    }
  }

  /** A source that is started after all is over says so. */
  private static boolean hasLeft(ChildProcess source) {
    return source.complaints().contains("has moved");
  }

  private boolean hasMoved() {
    return running(leech).events().stream()
        .anyMatch(event -> "complete".equals(event.get("event")));
  }

  private String said() {
    return "\n  seed: "
        + running(seed).events()
        + running(seed).complaints()
        + "\n  leech: "
        + running(leech).events()
        + running(leech).complaints();
  }

  @Override
  public void close() throws IOException {
    program.close();
    for (@Nullable ChildProcess process : new @Nullable ChildProcess[] {seed, leech}) {
      if (process != null) {
        process.close();
      }
    }
    Files.deleteIfExists(state);
    Files.deleteIfExists(moved);
  }
}
