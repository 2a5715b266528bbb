package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.mount.MountClient.Access;
import dev.godwit.testing.Patience;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Mounts of a state that moves to another node. */
class MovedStateTest {
  private static final int SIZE = 1 << 20;
  private static final Duration LEASE = Duration.ofSeconds(2);

  private static MountFixture fixture() throws Exception {
    MountFixture fixture = new MountFixture(SIZE);
    fixture.ownerBegins(MountHost.Writers.MOUNTS, LEASE);
    return fixture;
  }

  private static void assertTold(ManagedMount mount) throws Exception {
    Patience.until("the mount is told", () -> "disk has moved to carol".equals(mount.lost()));
  }

  @Test
  void aWriterIsToldWithinTheTimeOfItsLease() throws Exception {
    try (var fixture = fixture()) {
      ManagedMount mount = fixture.machine("bob").mount(MountFixture.settings(Durability.REMOTE));
      assertTrue(fixture.owner().untilAllHaveAsked().compareTo(LEASE.dividedBy(3)) > 0);
      fixture.owner().moved("carol");
      assertTold(mount);
      assertEquals(0, mount.end(MountFixture.LIMIT));
    }
  }

  @Test
  void aReaderIsTold() throws Exception {
    try (var fixture = fixture()) {
      ManagedMount mount =
          fixture.machine("bob").mount(Access.READ, MountFixture.settings(Durability.REMOTE));
      assertTrue(fixture.owner().untilAllHaveAsked().isPositive());
      fixture.owner().moved("carol");
      assertTold(mount);
      assertEquals(0, mount.end(MountFixture.LIMIT));
    }
  }

  @Test
  void whereNobodyMountsNobodyIsWaitedFor() throws Exception {
    try (var fixture = fixture()) {
      assertEquals(Duration.ZERO, fixture.owner().untilAllHaveAsked());
    }
  }
}
