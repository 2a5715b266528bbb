package dev.godwit.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.path.PathPolicy.Reach;
import dev.godwit.path.PathSelector.Step;
import dev.godwit.stream.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PathSelectorTest {
  private static final Path QUIC = new Path(Path.Kind.PUNCHED, "quic", "192.0.2.1:1");
  private static final Path TLS = new Path(Path.Kind.DIRECT, "tls", "192.0.2.1:1");
  private static final Path WEBRTC = new Path(Path.Kind.PUNCHED, "webrtc", "192.0.2.1:1");
  private static final Path TURN = new Path(Path.Kind.RELAY, "webrtc", "192.0.2.1:1");
  private static final Path RELAY = new Path(Path.Kind.RELAY, "relay", "192.0.2.1:1");
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final PathSelector selector = new PathSelector(PathPolicy.ANY);

  @Test
  void straightIsBetterThanRelayed() {
    assertTrue(PathRank.of(QUIC) < PathRank.of(TLS));
    assertTrue(PathRank.of(TLS) < PathRank.of(WEBRTC));
    assertTrue(PathRank.of(WEBRTC) < PathRank.of(RELAY));
    assertTrue(PathRank.of(RELAY) < PathRank.of(TURN));
  }

  @Test
  void theBestPathIsKept() {
    selector.connected(QUIC, 0);
    assertEquals(Step.STAY, selector.step(Duration.ZERO, 1000 * SECOND));
    assertEquals(OptionalLong.empty(), selector.nextAttempt());
  }

  @Test
  void theRelayIsImprovedOnLessAndLessOften() {
    selector.connected(RELAY, 0);
    assertEquals(Step.STAY, selector.step(Duration.ZERO, SECOND));
    assertEquals(OptionalLong.of(2 * SECOND), selector.nextAttempt());
    assertEquals(Step.IMPROVE, selector.step(Duration.ZERO, 2 * SECOND));
    selector.failed(3 * SECOND);
    assertEquals(OptionalLong.of(7 * SECOND), selector.nextAttempt());
    for (int i = 0; i < 20; i++) {
      selector.failed(3 * SECOND);
    }
    assertEquals(OptionalLong.of(63 * SECOND), selector.nextAttempt());
  }

  @Test
  void aChangeOfTheNetworkIsAReasonToTryAtOnce() {
    selector.connected(RELAY, 0);
    for (int i = 0; i < 20; i++) {
      selector.failed(SECOND);
    }
    selector.shaken(5 * SECOND);
    assertEquals(Step.IMPROVE, selector.step(Duration.ZERO, 5 * SECOND));
  }

  @Test
  void aSilentPathIsReplacedHoweverGoodItWas() {
    selector.connected(QUIC, 0);
    assertEquals(Step.STAY, selector.step(Duration.ofSeconds(3), 9 * SECOND));
    assertEquals(Step.REPLACE, selector.step(Duration.ofSeconds(4), 9 * SECOND));
  }

  @Test
  void withoutAPathThereIsNothingToDo() {
    assertEquals(Step.STAY, selector.step(Duration.ofSeconds(100), SECOND));
  }

  @Test
  void whatIsForbiddenIsNotMissed() {
    PathSelector relayed = new PathSelector(PathPolicy.only(Way.RELAY));
    relayed.connected(RELAY, 0);
    assertEquals(OptionalLong.empty(), relayed.nextAttempt());
  }

  @Test
  void aPolicyLeavesAtLeastOneWay() {
    assertThrows(
        IllegalArgumentException.class, () -> new PathPolicy(Set.of(Way.RELAY), Reach.DIRECT_ONLY));
    assertEquals(Set.of(Way.RELAY), new PathPolicy(Set.of(Way.values()), Reach.RELAY_ONLY).ways());
  }
}
