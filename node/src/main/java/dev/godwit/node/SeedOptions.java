package dev.godwit.node;

import dev.godwit.migration.ProgramHook;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What to offer.
 *
 * @param resource its name in the mesh
 * @param from the file that holds the state
 * @param devices how local programs touch it meanwhile
 * @param hook stops and starts the program
 * @param leecherTimeout how long a leecher may be silent before its migration is given up
 * @param size bytes that the resource has at least: a smaller file is made longer, by a hole; 0 for
 *     what it has
 */
public record SeedOptions(
    String resource,
    Path from,
    List<Device> devices,
    ProgramHook hook,
    Duration leecherTimeout,
    long size) {

  /** Copies the list. */
  public SeedOptions {
    devices = List.copyOf(devices);
  }

  /** A file that no program uses. */
  public static SeedOptions of(String resource, Path from) {
    return new SeedOptions(resource, from, List.of(), ProgramHook.NONE, Duration.ofMinutes(2), 0);
  }

  /** The same with so many bytes at least. */
  public SeedOptions withSize(long bytes) {
    return new SeedOptions(resource, from, devices, hook, leecherTimeout, bytes);
  }
}
