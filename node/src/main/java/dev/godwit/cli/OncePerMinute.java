package dev.godwit.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;

/** Says what is said again and again once, and again only after a minute. Thread-safe. */
final class OncePerMinute {
  private static final Duration PAUSE = Duration.ofMinutes(1);

  private final InstantSource clock;
  private String last = "";
  private Instant again = Instant.MIN;

  OncePerMinute(InstantSource clock) {
    this.clock = clock;
  }

  /** Passes a text on, unless it was the last one and that is not a minute ago. */
  void say(String text, Consumer<String> to) {
    synchronized (this) {
      Instant now = clock.instant();
      if (text.equals(last) && now.isBefore(again)) {
        return;
      }
      last = text;
      again = now.plus(PAUSE);
    }
    to.accept(text);
  }
}
