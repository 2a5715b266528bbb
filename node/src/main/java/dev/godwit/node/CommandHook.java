package dev.godwit.node;

import dev.godwit.migration.ProgramHook;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stops and starts a program with shell commands. A command that ends with a status other than 0,
 * or does not end in time, counts as failed; the end of what it wrote is in the message.
 * Thread-safe.
 */
public final class CommandHook implements ProgramHook, AutoCloseable {
  /** Set for a program that may run already. */
  private static final String AGAIN = "GODWIT_AGAIN";

  private final @Nullable HookCommand suspend;
  private final @Nullable HookCommand resume;
  private final @Nullable HookCommand moved;
  private volatile boolean again;

  /**
   * What surrounds the commands.
   *
   * @param environment added to their environment, asked for when a shell is started
   * @param limit how long a command may take
   * @param told the name of a hook, and the end of what it wrote, when it wrote anything
   */
  public record Surroundings(
      Supplier<Map<String, String>> environment, Duration limit, BiConsumer<String, String> told) {}

  /**
   * @param suspend the command that stops the program, or null when nothing has to be done
   * @param resume the command that lets it go on, or null
   * @param environment added to the command's environment
   * @param limit how long a command may take
   */
  public CommandHook(
      @Nullable String suspend,
      @Nullable String resume,
      Map<String, String> environment,
      Duration limit) {
    this(suspend, resume, null, new Surroundings(() -> environment, limit, (_, _) -> {}));
  }

  /**
   * @param suspend the command that stops the program, or null when nothing has to be done
   * @param resume the command that lets it go on, or null
   * @param moved what is run here when another node has everything, or null
   */
  public CommandHook(
      @Nullable String suspend,
      @Nullable String resume,
      @Nullable String moved,
      Surroundings surroundings) {
    this.suspend = command("suspend", suspend, surroundings);
    this.resume =
        command(
            "resume",
            resume,
            new Surroundings(
                () -> resuming(surroundings.environment().get()),
                surroundings.limit(),
                surroundings.told()));
    this.moved = command("moved", moved, surroundings);
  }

  private static @Nullable HookCommand command(
      String name, @Nullable String command, Surroundings surroundings) {
    return command == null ? null : new HookCommand(name, command, surroundings);
  }

  /**
   * Puts in order what a program has left here, after the move.
   *
   * @throws IOException when the command failed or did not end in time
   */
  public void moved() throws IOException {
    if (moved != null) {
      moved.run();
    }
  }

  private Map<String, String> resuming(Map<String, String> environment) {
    if (!again) {
      return environment;
    }
    Map<String, String> more = new HashMap<>(environment);
    more.put(AGAIN, "1");
    return more;
  }

  @Override
  public void mayRun() {
    again = true;
  }

  @Override
  public boolean stops() {
    return suspend != null;
  }

  @Override
  public void prepare() {
    if (suspend != null) {
      suspend.prepare();
    } else if (resume != null) {
      resume.prepare();
    }
  }

  @Override
  public void suspend() throws IOException {
    if (suspend != null) {
      suspend.run();
    }
  }

  @Override
  public void resume() throws IOException {
    if (resume != null) {
      resume.run();
    }
  }

  /** Ends shells that were prepared and never used. */
  @Override
  public void close() {
    if (suspend != null) {
      suspend.close();
    }
    if (resume != null) {
      resume.close();
    }
    if (moved != null) {
      moved.close();
    }
  }
}
