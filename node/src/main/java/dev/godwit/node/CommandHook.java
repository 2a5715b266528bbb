package dev.godwit.node;

import dev.godwit.migration.ProgramHook;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Stops and starts a program with shell commands. A command that ends with a status other than 0,
 * or does not end in time, counts as failed; what it wrote to its standard error is in the message.
 * Thread-safe.
 */
public final class CommandHook implements ProgramHook, AutoCloseable {
  private final @Nullable HookCommand suspend;
  private final @Nullable HookCommand resume;

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
    this.suspend = suspend == null ? null : new HookCommand("suspend", suspend, environment, limit);
    this.resume = resume == null ? null : new HookCommand("resume", resume, environment, limit);
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
  }
}
