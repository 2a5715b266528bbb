package dev.godwit.node;

import dev.godwit.mount.ManagedMount;
import dev.godwit.mount.MountClient.Access;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What to mount, and how.
 *
 * @param name whose resource
 * @param devices how local programs touch it
 * @param access whether it is written
 * @param kind whether something is kept here
 * @param cache the file that a managed mount keeps it in, to be used again by the next one; without
 *     one it is in the node's folder and goes with the mount
 * @param settings how long accesses wait, what a flush promises, and so on
 */
public record MountOptions(
    ResourceName name,
    List<Device> devices,
    Access access,
    Kind kind,
    Optional<Path> cache,
    ManagedMount.Settings settings) {

  /** Whether something is kept here. */
  public enum Kind {
    /** Nothing: every access goes to the owner. */
    DIRECT,
    /** What was read and written; the rest comes as the settings say. */
    MANAGED
  }

  /** Copies the list. */
  public MountOptions {
    devices = List.copyOf(devices);
  }
}
