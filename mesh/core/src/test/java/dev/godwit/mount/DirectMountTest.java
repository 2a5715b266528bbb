package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.mount.MountClient.Access;
import dev.godwit.session.Session;
import dev.godwit.session.TestMesh;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DirectMountTest {
  private static final int SIZE = 1 << 20;
  private static final Duration BRIEF = Duration.ofSeconds(2);

  private static DirectMount mount(MountFixture fixture, TestMesh.Member member)
      throws IOException {
    Session session = fixture.session(member);
    MountClient client = new MountClient(session);
    MountClient.Opened opened =
        client.open(MountId.random(MountFixture.RANDOM), Access.WRITE, 0, false);
    return new DirectMount(session, client, Access.WRITE, opened, MountFixture.LIMIT, BRIEF);
  }

  /** Somebody else has the lease by then. */
  private static void lose(MountFixture fixture, DirectMount mount) throws Exception {
    fixture.nanos.addAndGet(BRIEF.multipliedBy(2).toNanos());
    RemoteBackend _ = fixture.direct(fixture.mesh.member("carol"), Access.WRITE);
    Patience.until("the lease is lost", () -> mount.lost() != null);
  }

  @Test
  void whatWasNotFlushedBeforeTheLeaseWasLostIsSaidToBeUnsaved() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fixture.ownerBegins(MountHost.Writers.MOUNTS, BRIEF);
      DirectMount mount = mount(fixture, fixture.mesh.member("bob"));
      mount.device().write(ByteBuffer.allocate(5000), 0);
      mount.device().flush();
      mount.device().write(ByteBuffer.allocate(100), 0);
      lose(fixture, mount);
      assertEquals(100, mount.end(MountFixture.LIMIT));
    }
  }

  @Test
  void whatWasFlushedBeforeTheLeaseWasLostIsSaved() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fixture.ownerBegins(MountHost.Writers.MOUNTS, BRIEF);
      DirectMount mount = mount(fixture, fixture.mesh.member("bob"));
      mount.device().write(ByteBuffer.allocate(100), 0);
      mount.device().flush();
      lose(fixture, mount);
      assertEquals(0, mount.end(MountFixture.LIMIT));
    }
  }
}
