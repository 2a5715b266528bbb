package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.LOOPBACK;
import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code up}, {@code ping}, and the options that say which paths may be used. */
class PingTest {
  private World world;
  private Member her;
  private Member bob;
  private ChildProcess alice;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    List<Member> members = world.mesh("alice", "bob");
    her = members.getFirst();
    bob = members.getLast();
    alice = her.start("up", "--listen", LOOPBACK);
    alice.await("ready", PATIENCE);
  }

  @AfterEach
  void end() throws Exception {
    world.close();
  }

  private static String[] ping(String... more) {
    List<String> all =
        new ArrayList<>(List.of("ping", "alice", "--listen", LOOPBACK, "--interval", "20ms"));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private Outcome run(String... more) throws Exception {
    return bob.run(ping(more));
  }

  /** The last word of a ping that succeeds. */
  private Map<String, String> result(String... more) throws Exception {
    ChildProcess ping = bob.start(ping(more));
    assertEquals(0, ping.awaitEnd(PATIENCE), ping::complaints);
    Map<String, String> result = ping.events().getLast();
    assertEquals("result", result.get("event"), result::toString);
    assertEquals("true", result.get("ok"), result::toString);
    return result;
  }

  @Test
  void upSaysWhoIsThereAndEndsWhenAskedTo() throws Exception {
    assertEquals("alice", alice.await("ready", PATIENCE).get("name"));
    assertFalse(String.valueOf(alice.await("ready", PATIENCE).get("id")).isEmpty());
    ProcessHandle.of(alice.pid()).ifPresent(ProcessHandle::destroy);
    assertEquals(0, alice.awaitEnd(PATIENCE), alice::complaints);
    assertEquals("true", alice.await("result", PATIENCE).get("ok"));
  }

  @Test
  void upShowsInTheStatusOfItsOwnNode() throws Exception {
    Member other = world.mesh("carol", "dave").getFirst();
    ChildProcess up = other.start("up", "--listen", LOOPBACK);
    up.await("ready", PATIENCE);
    String status = other.run("status").succeeded().out();
    assertTrue(status.contains("up"), status);
    assertTrue(status.contains("online"), status);
  }

  /** On a machine that is busy everything takes a while. */
  private static final Pattern WAITS =
      Pattern.compile("(reaching the hub .*, no answer yet|looking for alice|trying .*)…");

  @Test
  void tellsPeopleHowEachAnswerCame() throws Exception {
    Outcome outcome = run("--count", "3").succeeded();
    List<String> lines = outcome.out().strip().lines().toList();
    assertEquals(3, lines.size(), outcome::toString);
    for (String line : lines) {
      assertTrue(line.startsWith("alice  "), outcome::toString);
      assertTrue(line.contains(" ms  "), outcome::toString);
    }
    assertTrue(lines.getLast().contains("127.0.0.1:"), outcome::toString);
    // What is waited for is said when it takes a while.
    assertTrue(
        outcome.err().lines().allMatch(line -> WAITS.matcher(line).matches()), outcome::toString);
  }

  @Test
  void tellsProgramsHowEachAnswerCame() throws Exception {
    ChildProcess ping = bob.start(ping("--count", "5"));
    assertEquals(0, ping.awaitEnd(PATIENCE), ping::complaints);
    List<Map<String, String>> events =
        ping.events().stream().filter(event -> !"step".equals(event.get("event"))).toList();
    assertEquals(6, events.size(), events::toString);
    for (Map<String, String> pong : events.subList(0, 5)) {
      assertEquals("pong", pong.get("event"), events::toString);
      assertTrue(Double.parseDouble(pong.get("ms")) >= 0, events::toString);
      assertFalse(pong.getOrDefault("why", "").isEmpty(), events::toString);
      assertFalse(pong.getOrDefault("address", "").isEmpty(), events::toString);
    }
    Map<String, String> result = events.getLast();
    assertEquals("result", result.get("event"), events::toString);
    assertEquals("5", result.get("answers"), events::toString);
    assertTrue(Double.parseDouble(result.get("connectMs")) > 0, events::toString);
  }

  @Test
  void goesOnUntilNoRelayIsNeeded() throws Exception {
    Map<String, String> result = result("--until-direct");
    assertEquals("direct", result.get("path"), result::toString);
    assertTrue(
        Double.parseDouble(result.get("directMs")) >= Double.parseDouble(result.get("connectMs")),
        result::toString);
  }

  @Test
  void usesTheTransportThatIsWanted() throws Exception {
    assertEquals("quic", result("--count", "2", "--transport", "quic").get("transport"));
    assertEquals("tls", result("--count", "2", "--transport", "tls").get("transport"));
    Map<String, String> relayed = result("--count", "2", "--transport", "relay");
    assertEquals("relay", relayed.get("transport"), relayed::toString);
    assertEquals("relay", relayed.get("path"), relayed::toString);
  }

  @Test
  void aRelayIsShownToPeople() throws Exception {
    Outcome outcome = run("--count", "1", "--transport", "relay").succeeded();
    assertTrue(outcome.out().contains("  relay 127.0.0.1:"), outcome::toString);
    assertFalse(outcome.out().contains("a better way is looked for"), outcome::toString);
  }

  @Test
  void directOnlyTakesNoRelay() throws Exception {
    assertEquals("direct", result("--count", "2", "--direct-only").get("path"));
  }

  @Test
  void relayOnlyTakesNothingElse() throws Exception {
    assertEquals("relay", result("--count", "2", "--relay-only").get("path"));
  }

  @Test
  void whatThroughARelayOnlyDoesNotBecomeDirectFails() throws Exception {
    Expect.refused(
        ExitStatus.UNREACHABLE,
        run("--relay-only", "--until-direct", "--timeout", "2s"),
        "alice is reached through a relay only");
  }

  @Test
  void optionsThatExcludeEachOtherAreWrongUsage() throws Exception {
    Expect.refused(
        ExitStatus.USAGE, run("--direct-only", "--relay-only"), "--direct-only", "--relay-only");
    Expect.refused(
        ExitStatus.USAGE, run("--direct-only", "--transport", "relay"), "no way to a peer");
    Expect.refused(
        ExitStatus.USAGE, run("--relay-only", "--transport", "quic,tls"), "no way to a peer");
    Expect.refused(ExitStatus.USAGE, run("--transport", "pigeon"), "'pigeon'", "quic");
    Expect.refused(ExitStatus.USAGE, run("--count", "many"), "--count");
  }

  @Test
  void anUnknownNodeCannotBeReached() throws Exception {
    Outcome outcome = bob.run("ping", "zoe", "--listen", LOOPBACK);
    Expect.refused(ExitStatus.UNREACHABLE, outcome, "zoe");
  }

  @Test
  void aNodeThatComesBackIsReachedAgain() throws Exception {
    ChildProcess ping = bob.start(ping("--count", "100000"));
    ping.await("pong", PATIENCE);
    alice.stop();
    int before = ping.events().size();
    her.start("up", "--listen", LOOPBACK).await("ready", PATIENCE);
    Patience.until(
        "answers of the new process",
        () ->
            ping.events().stream()
                    .skip(before)
                    .filter(event -> "pong".equals(event.get("event")))
                    .count()
                > 10);
    assertEquals(0, ping.stop(), ping::complaints);
  }
}
