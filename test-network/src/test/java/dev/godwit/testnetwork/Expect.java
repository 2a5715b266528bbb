package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** What a command that cannot do its job looks like to whoever typed it. */
final class Expect {
  private static final int LINES = 4;

  private Expect() {}

  /** It ended with that status and says why, in a line or two that contain {@code parts}. */
  static void refused(ExitStatus status, Outcome outcome, String... parts) {
    assertEquals(status.code(), outcome.status(), outcome::toString);
    clear(outcome.err(), parts);
  }

  /** As {@link #refused(ExitStatus, Outcome, String...)}, and the last event says so too. */
  static void refused(ExitStatus status, ChildProcess process, String... parts)
      throws IOException, InterruptedException {
    int code = process.awaitEnd(World.PATIENCE);
    String complaints = process.complaints();
    assertEquals(status.code(), code, complaints);
    clear(complaints, parts);
    Map<String, String> last = process.events().getLast();
    assertEquals("result", last.get("event"), last::toString);
    assertEquals("false", last.get("ok"), last::toString);
    assertEquals(Integer.toString(status.code()), last.get("status"), last::toString);
  }

  private static void clear(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "'" + part + "' is not in: " + message);
    }
    // What is waited for is told when it takes long, as on a machine that is busy.
    long lines = message.strip().lines().filter(line -> !line.endsWith("…")).count();
    assertTrue(lines <= LINES, () -> "too much: " + message);
    for (String noise : List.of("Exception", "\tat ", "null")) {
      assertFalse(message.contains(noise), () -> "nothing for people: " + message);
    }
  }
}
