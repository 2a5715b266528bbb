package dev.godwit.cli;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a command talks to people or programs: lines for people, a moving progress line when they
 * sit at a terminal, or one JSON object a line for programs. Thread-safe.
 */
public final class Output {
  private static final int BAR = 28;

  private final PrintStream out;
  private final Audience audience;
  private boolean moving;

  /** Who reads. */
  public enum Audience {
    /** A person at a terminal: colours and a moving line. */
    TERMINAL,
    /** A person reading a log: plain lines. */
    LOG,
    /** A program. */
    PROGRAM
  }

  /** Writes to {@code out} for {@code audience}. */
  public Output(PrintStream out, Audience audience) {
    this.out = out;
    this.audience = audience;
  }

  /** The output of this process. */
  public static Output standard(boolean json) {
    if (json) {
      return new Output(System.out, Audience.PROGRAM);
    }
    Console console = System.console();
    boolean terminal =
        isTerminal(console)
            && !"dumb".equals(System.getenv("TERM"))
            && System.getenv("NO_COLOR") == null;
    return new Output(System.out, terminal ? Audience.TERMINAL : Audience.LOG);
  }

  @SuppressWarnings("SystemConsoleNull") // The annotation says so, and it costs nothing.
  private static boolean isTerminal(@Nullable Console console) {
    return console != null && console.isTerminal();
  }

  /** Who reads. */
  public Audience audience() {
    return audience;
  }

  /** A line for people. */
  public synchronized void line(String text) {
    if (audience != Audience.PROGRAM) {
      endMoving();
      out.println(text);
      out.flush();
    }
  }

  /** An object for programs. */
  public synchronized void event(Json json) {
    if (audience == Audience.PROGRAM) {
      out.println(json);
      out.flush();
    }
  }

  /** Replaces the moving line; nothing elsewhere than at a terminal. */
  public synchronized void moving(String text) {
    if (audience == Audience.TERMINAL) {
      out.print("\r\033[K" + text);
      out.flush();
      moving = true;
    }
  }

  private void endMoving() {
    if (moving) {
      out.print("\r\033[K");
      moving = false;
    }
  }

  /** A progress bar that is filled to {@code share}, 0 to 1. */
  public static String bar(double share) {
    int half = (int) Math.round(Math.clamp(share, 0, 1) * BAR * 2);
    String full = "━".repeat(half / 2) + (half % 2 == 1 ? "╸" : "");
    return "\033[36m" + full + "\033[90m" + "━".repeat(BAR - full.length()) + "\033[0m";
  }

  /** A share as a percentage. */
  public static String percent(double share) {
    return String.format(Locale.ROOT, "%3.0f %%", 100 * Math.clamp(share, 0, 1));
  }

  /** Text in bold at a terminal, as it is elsewhere. */
  public String strong(String text) {
    return audience == Audience.TERMINAL ? "\033[1m" + text + "\033[0m" : text;
  }

  /** A tick, green at a terminal. */
  public String tick() {
    return audience == Audience.TERMINAL ? "\033[32m✓\033[0m" : "✓";
  }
}
