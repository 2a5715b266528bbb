package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A resource full of random bytes that a member offers, and the device on which its program would
 * write. Closing ends the seeder by force.
 *
 * @param resource its name
 * @param process the seeder
 * @param file the state
 * @param socket the device
 * @param sha256 of the state when it was made
 */
record Offer(
    World world, String resource, ChildProcess process, Path file, Path socket, String sha256)
    implements AutoCloseable {
  static final long SIZE = 8 << 20;

  /**
   * Makes the state and offers it.
   *
   * @param more arguments of {@code seed}
   */
  static Offer of(World world, Member member, String resource, long size, String... more)
      throws IOException, InterruptedException {
    Path file = StateFile.random(world.path(resource), size, resource.hashCode());
    return again(world, member, resource, StateFile.sha256(file), more);
  }

  static Offer of(World world, Member member, String resource, String... more)
      throws IOException, InterruptedException {
    return of(world, member, resource, SIZE, more);
  }

  /**
   * One whose program writes 32 MiB more at the very end, so that much is left to fetch after the
   * hand-over.
   */
  static Offer thatIsWrittenLate(World world, Member member, String resource)
      throws IOException, InterruptedException {
    Path late = StateFile.random(world.path(resource + ".late"), 32 << 20, 77);
    String copy = "nbdcopy '" + late + "' '" + uri(world.path(resource + ".sock")) + "'";
    return of(world, member, resource, 64 << 20, "--on-suspend", copy);
  }

  /** Offers state that was made before. */
  static Offer again(World world, Member member, String resource, String sha256, String... more)
      throws IOException, InterruptedException {
    Path file = world.path(resource);
    Path socket = world.path(resource + ".sock");
    String[] arguments =
        Stream.concat(Stream.of("--device", "nbd:unix:" + socket), Stream.of(more))
            .toArray(String[]::new);
    ChildProcess process = member.seed(resource, file, arguments);
    return new Offer(world, resource, process, file, socket, sha256);
  }

  /** The address of its device as other programs write it. */
  String uri() {
    return uri(socket);
  }

  static String uri(Path socket) {
    return "nbd+unix:///?socket=" + socket;
  }

  /** Waits until the seeder is in that state. */
  Map<String, String> awaitState(String state) throws IOException, InterruptedException {
    return process.await(
        state,
        event -> "state".equals(event.get("event")) && state.equals(event.get("state")),
        World.PATIENCE);
  }

  /** The seeder runs, nothing in its state has changed, and its program can go on writing. */
  void assertUntouched() throws IOException, InterruptedException {
    assertTrue(process.isAlive(), () -> "the seeder has ended" + process.complaints());
    assertEquals(sha256, StateFile.sha256(file), "the state has changed");
    assertWritable(socket);
  }

  /** A program can write to the device and read that again. */
  void assertWritable(Path device) throws IOException, InterruptedException {
    world
        .programs()
        .run(
            "",
            List.of(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 0xa7 0 64k",
                "-c",
                "flush",
                "-c",
                "read -P 0xa7 0 64k",
                uri(device)))
        .succeeded();
  }

  @Override
  public void close() {
    process.close();
  }
}
