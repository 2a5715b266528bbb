package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.LOOPBACK;
import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code godwit hub} relays, and how it is stopped, with real processes. */
class HubRelayTest {
  private World world;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
  }

  @AfterEach
  void end() throws Exception {
    world.close();
  }

  private static void terminate(ChildProcess process) {
    ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroy);
  }

  /** Alice is there, and Bob asks her through the relay, again and again. */
  private ChildProcess relayedPing() throws Exception {
    List<Member> members = world.mesh("alice", "bob");
    members.getFirst().start("up", "--listen", LOOPBACK).await("ready", PATIENCE);
    ChildProcess ping =
        members
            .getLast()
            .start(
                "ping",
                "alice",
                "--listen",
                LOOPBACK,
                "--relay-only",
                "--count",
                "100000",
                "--interval",
                "50ms");
    assertEquals("relay", ping.await("pong", PATIENCE).get("path"));
    return ping;
  }

  private static long pongs(ChildProcess ping) {
    return ping.events().stream().filter(event -> "pong".equals(event.get("event"))).count();
  }

  private static void awaitMorePongs(ChildProcess ping) throws Exception {
    long before = pongs(ping);
    Patience.until("more answers", () -> pongs(ping) > before + 5);
  }

  @Test
  void theHubSaysWhatItRelays() throws Exception {
    Map<String, String> ready = world.hubWith().await("ready", PATIENCE);
    assertEquals("true", ready.get("relay"));
    assertEquals("0", ready.get("relayBytesPerSecond"));
    assertEquals("0", ready.get("relayBytesPerConnection"));
    assertEquals("0", ready.get("relaySecondsPerConnection"));
    assertEquals("16", ready.get("relayConnectionsPerNode"));
  }

  @Test
  void theHubSaysWhatItWasToldToRelay() throws Exception {
    Map<String, String> ready =
        world
            .hubWith(
                "--relay-rate",
                "2M",
                "--relay-bytes",
                "1G",
                "--relay-time",
                "2h",
                "--relay-connections",
                "3")
            .await("ready", PATIENCE);
    assertEquals("true", ready.get("relay"));
    assertEquals(Integer.toString(2 << 20), ready.get("relayBytesPerSecond"));
    assertEquals(Integer.toString(1 << 30), ready.get("relayBytesPerConnection"));
    assertEquals("7200", ready.get("relaySecondsPerConnection"));
    assertEquals("3", ready.get("relayConnectionsPerNode"));
  }

  @Test
  void withoutARelayNobodyIsReachedThroughOne() throws Exception {
    assertEquals("false", world.hubWith("--no-relay").await("ready", PATIENCE).get("relay"));
    List<Member> members = world.mesh("alice", "bob");
    members.getFirst().start("up", "--listen", LOOPBACK).await("ready", PATIENCE);
    Member bob = members.getLast();
    Expect.refused(
        ExitStatus.UNREACHABLE,
        bob.run("ping", "alice", "--listen", LOOPBACK, "--relay-only"),
        "relay");
    bob.run("ping", "alice", "--listen", LOOPBACK, "--count", "1").succeeded();
  }

  @Test
  void whatMakesNoSenseIsWrongUsage() throws Exception {
    for (List<String> options :
        List.of(
            List.of("--no-relay", "--relay-rate", "1M"),
            List.of("--relay-rate", "fast"),
            List.of("--relay-bytes", "-1"),
            List.of("--relay-time", "1ms"),
            List.of("--relay-connections", "-1"),
            List.of("--drain", "soon"),
            List.of("--drain", "99999h"))) {
      List<String> all = new ArrayList<>(List.of("hub", "--listen", LOOPBACK));
      all.addAll(options);
      Expect.refused(ExitStatus.USAGE, world.run(all.toArray(String[]::new)), options.getFirst());
    }
  }

  @Test
  void aHubWithNothingToRelayEndsAtOnce() throws Exception {
    ChildProcess hub = world.hubWith("--drain", "10m");
    terminate(hub);
    Map<String, String> draining = hub.await("draining", PATIENCE);
    assertEquals("0", draining.get("relayedConnections"));
    assertEquals("600", draining.get("seconds"));
    assertEquals(0, hub.awaitEnd(PATIENCE), hub::complaints);
    assertEquals("true", hub.await("result", PATIENCE).get("ok"));
  }

  @Test
  void whatIsRelayedGoesOnUntilItIsOverAndThenTheHubEnds() throws Exception {
    ChildProcess hub = world.hubWith("--drain", "10m", "--back-in", "2m");
    ChildProcess ping = relayedPing();
    terminate(hub);
    Map<String, String> draining = hub.await("draining", PATIENCE);
    assertTrue(Integer.parseInt(draining.get("relayedConnections")) > 0, draining::toString);
    assertEquals("120", draining.get("backInSeconds"));
    awaitMorePongs(ping);
    assertTrue(hub.isAlive(), hub::complaints);
    assertEquals(0, ping.stop(), ping::complaints);
    assertEquals(0, hub.awaitEnd(PATIENCE), hub::complaints);
  }

  @Test
  void whatIsRelayedDoesNotKeepTheHubForEver() throws Exception {
    ChildProcess hub = world.hubWith("--drain", "1s");
    ChildProcess ping = relayedPing();
    terminate(hub);
    assertEquals(0, hub.awaitEnd(PATIENCE), hub::complaints);
    assertTrue(ping.isAlive(), ping::complaints);
  }
}
