package dev.godwit.node;

import dev.godwit.migration.FinalizePolicy;
import dev.godwit.migration.Leecher;
import dev.godwit.migration.ProgramHook;
import java.nio.file.Path;
import java.util.List;

/**
 * What to move here, and how.
 *
 * @param name whose resource
 * @param to the file that will hold the state
 * @param existing what to do when there is something in it
 * @param devices how local programs touch it; they exist before the hand-over
 * @param hook starts the program
 * @param settings when to take it over, and so on
 */
public record LeechOptions(
    ResourceName name,
    Path to,
    Existing existing,
    List<Device> devices,
    ProgramHook hook,
    Leecher.Settings settings) {

  /** What to do with a target that is not empty. */
  public enum Existing {
    /** Leave it alone and fail, unless it is from an attempt that can go on. */
    REFUSE,
    /** Replace it. */
    OVERWRITE
  }

  /** Copies the list. */
  public LeechOptions {
    devices = List.copyOf(devices);
  }

  /**
   * The usual way.
   *
   * @throws NodeException when {@code name} is not {@code NODE/RESOURCE}
   */
  public static LeechOptions of(String name, Path to) throws NodeException {
    return new LeechOptions(
        ResourceName.parse(name),
        to,
        Existing.REFUSE,
        List.of(),
        ProgramHook.NONE,
        Leecher.Settings.standard());
  }

  /** The same with another policy. */
  public LeechOptions with(FinalizePolicy policy) {
    return new LeechOptions(
        name,
        to,
        existing,
        devices,
        hook,
        new Leecher.Settings(
            policy,
            settings.postCopy(),
            settings.order(),
            settings.fetchTimeout(),
            settings.devicePatience()));
  }
}
