package dev.godwit.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Where a command talks to people or programs: lines for people, with a moving line at a terminal,
 * or one JSON object a line for programs. People see what cannot be printed as {@code \x1b}, so
 * that no name or path steers their terminal; programs get it as it is. Thread-safe.
 */
public final class Output {
  /** How often a log tells of progress. */
  private static final Duration LOG_PERIOD = Duration.ofSeconds(10);

  /** What takes less long is not worth a word. */
  private static final Duration UNTOLD = Duration.ofMillis(500);

  /** At a terminal a word less later goes as it came. */
  private static final Duration UNSHOWN = Duration.ofMillis(200);

  /** What is said where {@link #isLost}. */
  static final String LOST =
      "What this command says cannot be written to standard output. Is there room where it leads?";

  private final PrintStream out;
  private final PrintStream err;
  private final Audience audience;
  private final Terminal terminal;
  private final Errors errors;
  private final InstantSource clock;
  private final Timer timer;
  private boolean moving;
  private String lastProgress = "";
  private long nextLogMillis;
  private long said;
  private boolean ending;
  private boolean ended;

  /** Who reads. */
  public enum Audience {
    /** A person. */
    PERSON,
    /** A program. */
    PROGRAM
  }

  /** Runs something later. */
  public interface Timer {
    /** Runs {@code task} once, after that time, on a thread of its own. */
    void after(Duration time, Runnable task);
  }

  /** Where errors appear. */
  public enum Errors {
    /** On the same terminal as everything else. */
    HERE,
    /** In a file or a pipe of their own. */
    ELSEWHERE
  }

  /**
   * Writes to {@code out} for {@code audience}.
   *
   * @param err for errors; nothing else is written there
   * @param clock so that a log is not flooded
   * @param timer so that what takes long is told, and nothing else
   */
  public Output(
      PrintStream out,
      PrintStream err,
      Audience audience,
      Terminal terminal,
      Errors errors,
      InstantSource clock,
      Timer timer) {
    this.out = out;
    this.err = err;
    this.audience = audience;
    this.terminal = terminal;
    this.errors = errors;
    this.clock = clock;
    this.timer = timer;
    this.nextLogMillis = clock.millis() + LOG_PERIOD.toMillis();
  }

  /** The output of this process. */
  public static Output standard(Audience audience) {
    return new Output(
        System.out,
        System.err,
        audience,
        Terminal.standard(),
        StandardStreams.ERR.isSameAs(StandardStreams.OUT) ? Errors.HERE : Errors.ELSEWHERE,
        InstantSource.system(),
        Output::later);
  }

  private static void later(Duration time, Runnable task) {
    Thread.ofVirtual()
        .name("later")
        .start(
            () -> {
              try {
                Thread.sleep(time);
                task.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /** Who reads. */
  public Audience audience() {
    return audience;
  }

  /** What can be shown. */
  public Terminal terminal() {
    return terminal;
  }

  private boolean canMove() {
    return audience == Audience.PERSON && terminal.can(Terminal.Ability.MOVING);
  }

  /** A line for people. At a terminal it is broken between words where it has to be. */
  public void line(String text) {
    line(text, DisplayText.indent(text));
  }

  /**
   * As {@link #line(String)}, for a row of a table.
   *
   * @param margin the column in which what follows the first line begins
   */
  synchronized void line(String text, int margin) {
    said++;
    if (audience != Audience.PERSON) {
      return;
    }
    endMoving();
    String shown = DisplayText.visible(text);
    if (canMove()) {
      DisplayText.wrap(shown, terminal.width(), margin).forEach(this::show);
    } else {
      show(shown);
    }
    out.flush();
  }

  private void show(String line) {
    out.println(DisplayText.coded(line));
  }

  /** A line for people that they may want to copy: a command, an address. It is never broken. */
  public synchronized void verbatim(String text) {
    said++;
    if (audience == Audience.PERSON) {
      endMoving();
      show(DisplayText.visibleLines(text));
      out.flush();
    }
  }

  /** An object for programs; nothing follows a result. */
  public synchronized void event(Json json) {
    said++;
    if (audience == Audience.PROGRAM && !ended) {
      out.println(json);
      out.flush();
      ended = json.isResult();
    }
  }

  /**
   * How far long work is. At a terminal the moving line shows it, in a log a line now and then, and
   * programs are told when it differs from what they were told last.
   */
  public synchronized void progress(ProgressLine line, @Nullable Json json) {
    said++;
    if (audience == Audience.PROGRAM && !ended) {
      String text = json == null ? lastProgress : json.toString();
      if (!text.equals(lastProgress)) {
        lastProgress = text;
        out.println(text);
        out.flush();
      }
    } else if (canMove()) {
      move(line.on(terminal));
    } else if (audience == Audience.PERSON && clock.millis() >= nextLogMillis) {
      String text = line.plain();
      nextLogMillis = clock.millis() + LOG_PERIOD.toMillis();
      if (!text.equals(lastProgress)) {
        lastProgress = text;
        show(text);
        out.flush();
      }
    }
  }

  /**
   * Says what is waited for when that takes more than a moment and nothing else has been said
   * meanwhile: a moving line at a terminal, which stays until anything else is said, a line on
   * standard error elsewhere, an event for programs.
   */
  public synchronized void waiting(String what) {
    if (ending) {
      return;
    }
    long before = ++said;
    timer.after(
        canMove() ? UNSHOWN : UNTOLD,
        () -> {
          synchronized (this) {
            if (said == before && !ended) {
              tellWaiting(what);
            }
          }
        });
  }

  /** From now on nothing is waited for any more but the end. */
  synchronized void ending() {
    waiting("ending");
    ending = true;
  }

  private void tellWaiting(String what) {
    String shown = DisplayText.visible(what) + terminal.ellipsis();
    if (audience == Audience.PROGRAM) {
      out.println(Json.event("step").put("step", what));
    } else if (canMove()) {
      move(DisplayText.cut(shown, terminal.width() - 1, terminal));
    } else {
      // Not among what is piped on.
      err.println(shown);
      err.flush();
    }
    out.flush();
  }

  private void move(String text) {
    out.print("\r\033[K" + DisplayText.coded(text));
    out.flush();
    moving = true;
  }

  /** An error for people; begins on a line of its own. */
  public synchronized void error(String text) {
    said++;
    endMoving();
    out.flush();
    // What a program said may have lines; nobody else can make one that looks like ours.
    String shown = DisplayText.visibleLines(text).replace("\n", "\n  ");
    if (errors == Errors.HERE && canMove()) {
      shown
          .lines()
          .flatMap(line -> DisplayText.wrap(line, terminal.width()).stream())
          .forEach(err::println);
    } else {
      err.println(shown);
    }
    err.flush();
  }

  /** Whether something that was said cannot be read anywhere; not when a reader has gone. */
  synchronized boolean isLost() {
    return out.checkError() && !StandardStreams.OUT.isRead();
  }

  /** Takes the moving line away. */
  public synchronized void endMoving() {
    if (moving) {
      out.print("\r\033[K");
      out.flush();
      moving = false;
    }
  }

  /** Whether nobody reads any more, because the other end of a pipe was closed. */
  public synchronized boolean isClosed() {
    return out.checkError();
  }
}
