package dev.godwit.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The number of columns of this process's terminal. It is asked for by {@code stty}, at the first
 * use and after each SIGWINCH: a call of the C library would need native code, which cannot be
 * loaded everywhere, or the JDK's linker, which costs a third of a second. Thread-safe.
 */
final class WindowSize implements IntSupplier {
  private static final Logger LOG = LoggerFactory.getLogger(WindowSize.class);
  private static final long LIMIT_MILLIS = 1000;

  private final Map<String, String> environment;
  private final AtomicBoolean changed = new AtomicBoolean(true);
  private boolean watching;
  private volatile int columns;

  /**
   * Of the controlling terminal.
   *
   * @param environment whose {@code COLUMNS} is taken when the terminal does not say
   */
  WindowSize(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public synchronized int getAsInt() {
    if (!watching) {
      watching = true;
      Signals.on("WINCH", () -> changed.set(true));
    }
    if (changed.getAndSet(false)) {
      columns = ask();
    }
    return columns;
  }

  private int ask() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(new File("/dev/tty"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        String size =
            new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        if (stty.waitFor(LIMIT_MILLIS, TimeUnit.MILLISECONDS) && stty.exitValue() == 0) {
          return Integer.parseInt(size.substring(size.indexOf(' ') + 1));
        }
      } finally {
        stty.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | NumberFormatException e) {
      LOG.debug("the terminal's width is not known", e);
    }
    return fromEnvironment();
  }

  private int fromEnvironment() {
    try {
      return Integer.parseInt(environment.getOrDefault("COLUMNS", "0"));
    } catch (NumberFormatException e) {
      LOG.debug("COLUMNS is no number", e);
      return 0;
    }
  }
}
