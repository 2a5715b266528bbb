package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class OncePerMinuteTest {
  private final AtomicLong seconds = new AtomicLong();
  private final List<String> said = new ArrayList<>();
  private final OncePerMinute once = new OncePerMinute(() -> Instant.ofEpochSecond(seconds.get()));

  private void say(String text, long at) {
    seconds.set(at);
    once.say(text, said::add);
  }

  @Test
  void theSameIsSaidOnceAMinute() {
    say("full", 0);
    say("full", 59);
    say("full", 60);
    assertEquals(List.of("full", "full"), said);
  }

  @Test
  void somethingElseIsSaidAtOnce() {
    say("full", 0);
    say("broken", 1);
    say("full", 2);
    assertEquals(List.of("full", "broken", "full"), said);
  }
}
