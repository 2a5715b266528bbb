package dev.godwit.testnetwork;

import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A virtual internet with a hub and a mesh of three nodes: alice and carol beside the hub, bob far
 * away. What they mount is seen on this machine. For one thread.
 */
public final class Wan implements AutoCloseable {
  private final Internet internet;
  private final World world;
  private final Host near;
  private final Host far;
  private final Member alice;
  private final Member bob;
  private final Member carol;

  private Wan(Internet internet, Path directory, LinkProfile link)
      throws IOException, InterruptedException {
    this.internet = internet;
    Host server = internet.host("hub");
    this.near = internet.host("alice");
    Host beside = internet.host("carol");
    this.far = internet.host("bob", NatKind.NONE, link);
    this.world = World.in(directory);
    this.alice = world.stranger("alice", Place.amongMounts(near));
    this.bob = world.stranger("bob", Place.amongMounts(far));
    this.carol = world.stranger("carol", Place.amongMounts(beside));
    Place hub = Place.amongMounts(server);
    var _ = world.hub(hub, server.address().getHostAddress() + ":443");
    world.found(hub, List.of(alice, bob, carol));
  }

  /**
   * Builds it.
   *
   * @param directory holds all files; must be there
   * @param link between bob and everybody else
   * @param seed of what is random in the link
   */
  public static Wan create(Path directory, LinkProfile link, long seed)
      throws IOException, InterruptedException {
    Internet internet = Internet.create(seed);
    try {
      return new Wan(internet, directory, link);
    } catch (IOException | InterruptedException | RuntimeException e) {
      internet.close();
      throw e;
    }
  }

  /** Its processes and files. */
  public World world() {
    return world;
  }

  /** Where alice is. */
  public Host near() {
    return near;
  }

  /** Where bob is. */
  public Host far() {
    return far;
  }

  /** The first one. */
  public Member alice() {
    return alice;
  }

  /** The one far away. */
  public Member bob() {
    return bob;
  }

  /** The one beside alice. */
  public Member carol() {
    return carol;
  }

  @Override
  public void close() throws IOException {
    try (internet) {
      world.close();
    }
  }
}
