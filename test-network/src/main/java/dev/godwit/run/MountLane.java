package dev.godwit.run;

import dev.godwit.internet.Link;
import dev.godwit.internet.LinkProfile;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.Wan;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A virtual internet in which one run takes place after the other: alice owns, bob mounts over a
 * link of 50 ms, 100 Mbit/s and 0.1 % loss.
 */
final class MountLane implements AutoCloseable {
  private static final Duration ROUND_TRIP = Duration.ofMillis(50);
  private static final long RATE = 100_000_000;
  private static final double LOSS = 0.001;
  private static final int QUEUE = 1 << 20;

  private final Wan wan;
  private final Path repository;

  MountLane(Path directory, long seed) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    this.repository = directory.resolve("repository");
    this.wan =
        Wan.create(
            directory,
            LinkProfile.PERFECT
                .withDelay(ROUND_TRIP.dividedBy(2))
                .withRate(RATE)
                .withLoss(LOSS)
                .withQueue(QUEUE),
            seed);
    try {
      Workload.prepareRepository(wan.world().programs(), repository);
    } catch (IOException | InterruptedException | RuntimeException e) {
      wan.close();
      throw e;
    }
  }

  World world() {
    return wan.world();
  }

  Member alice() {
    return wan.alice();
  }

  Member bob() {
    return wan.bob();
  }

  Member carol() {
    return wan.carol();
  }

  /** What the mounting node is connected by. */
  Link link() {
    return wan.far().link();
  }

  /** What is cloned. */
  Path repository() {
    return repository;
  }

  @Override
  public void close() throws IOException {
    wan.close();
  }
}
