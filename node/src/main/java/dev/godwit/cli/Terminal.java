package dev.godwit.cli;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;

/**
 * What the place that a command writes to can show: how wide it is right now, and whether it takes
 * colours, symbols, and lines that are written again. Thread-safe.
 */
public final class Terminal {
  /** The width of most terminals, and the one that is taken where it is not known. */
  public static final int USUAL_WIDTH = 80;

  /** Below this nothing can be shown in a useful way, and some terminals say 0. */
  private static final int LEAST_WIDTH = 20;

  private static final String SYMBOLS = "godwit.symbols";
  private static final String TICK = "✓";

  private final Set<Ability> abilities;
  private final IntSupplier columns;

  /** What a terminal can do. */
  public enum Ability {
    /** Somebody watches, and a line can be replaced by another one. */
    MOVING,
    /** Colours and bold letters. */
    COLOUR,
    /** Letters and symbols beyond ASCII. */
    SYMBOLS
  }

  /**
   * Describes a terminal.
   *
   * @param columns asked whenever something is shown, since windows are resized; 0 for unknown
   */
  public Terminal(Set<Ability> abilities, IntSupplier columns) {
    this.abilities = abilities.isEmpty() ? Set.of() : Set.copyOf(abilities);
    this.columns = columns;
  }

  /** The terminal of this process, or the pipe or file that stands in its place. */
  public static Terminal standard() {
    // The launcher lets names be what they are even where the locale is C, which then is not known.
    Charset symbols =
        "ascii".equals(System.getProperty(SYMBOLS))
            ? StandardCharsets.US_ASCII
            : System.out.charset();
    return of(System.getenv(), StandardStreams.OUT.isTerminal(), symbols);
  }

  /**
   * A terminal as its environment describes it.
   *
   * @param environment {@code TERM}, {@code NO_COLOR} (see no-color.org) and {@code COLUMNS} count
   * @param watched whether it is a terminal at all
   * @param charset in which symbols are written to it
   */
  static Terminal of(Map<String, String> environment, boolean watched, Charset charset) {
    Set<Ability> abilities = EnumSet.noneOf(Ability.class);
    if (watched && !"dumb".equals(environment.get("TERM"))) {
      abilities.add(Ability.MOVING);
      if (environment.getOrDefault("NO_COLOR", "").isEmpty()) {
        abilities.add(Ability.COLOUR);
      }
    }
    if (charset.newEncoder().canEncode(TICK)) {
      abilities.add(Ability.SYMBOLS);
    }
    return new Terminal(abilities, watched ? new WindowSize(environment) : () -> 0);
  }

  /** Whether it can do that. */
  public boolean can(Ability ability) {
    return abilities.contains(ability);
  }

  /** How many columns there are now. */
  public int width() {
    int now = columns.getAsInt();
    return now <= 0 ? USUAL_WIDTH : Math.max(LEAST_WIDTH, now);
  }

  /** Text in bold, for an {@link Output}. */
  public String strong(String text) {
    return styled("1", text);
  }

  /** A green tick, for what is done. */
  public String tick() {
    return can(Ability.SYMBOLS) ? styled("32", TICK) : "ok";
  }

  /** A red cross, for what went wrong. */
  public String cross() {
    return can(Ability.SYMBOLS) ? styled("31", "✗") : "failed";
  }

  /** A yellow mark, for what a person should look at. */
  public String attention() {
    return styled("33", "!");
  }

  /** Three dots, for what goes on. */
  public String ellipsis() {
    return can(Ability.SYMBOLS) ? "…" : "...";
  }

  /**
   * A progress bar.
   *
   * @param share how much is done, 0 to 1
   * @param cells how wide it is
   */
  public String bar(double share, int cells) {
    double done = Math.clamp(share, 0, 1);
    if (!can(Ability.SYMBOLS)) {
      int full = (int) Math.round(done * cells);
      return "#".repeat(full) + "-".repeat(cells - full);
    }
    int halves = (int) Math.round(done * cells * 2);
    String full = "━".repeat(halves / 2);
    boolean half = halves % 2 == 1;
    int empty = cells - full.length() - (half ? 1 : 0);
    if (can(Ability.COLOUR)) {
      return styled("36", full + (half ? "╸" : "")) + styled("90", "━".repeat(empty));
    }
    return full + "─".repeat(empty + (half ? 1 : 0));
  }

  private String styled(String style, String text) {
    return can(Ability.COLOUR)
        ? DisplayText.STYLE + "[" + style + "m" + text + DisplayText.STYLE + "[0m"
        : text;
  }
}
