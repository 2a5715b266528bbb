package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevocationFolderTest {
  @TempDir Path directory;

  private final Fixture fixture = new Fixture();

  private RevocationBoard board(long capacity) throws Exception {
    RevocationBoard board = new RevocationBoard(capacity);
    RevocationFolder.connect(directory.resolve("revocations"), board, Runnable::run);
    return board;
  }

  private Revocations listOf(MeshKey mesh) {
    return Revocations.none(mesh.id()).revoke(mesh, fixture.identity().id(), Instant.EPOCH);
  }

  @Test
  void aHubThatIsStartedAgainHasTheListsOfBefore() throws Exception {
    Revocations list = listOf(fixture.mesh);
    var _ = board(1 << 20).post(list);
    assertEquals(1, board(1 << 20).version(fixture.mesh.id()));
    var _ = board(1 << 20).post(list.revoke(fixture.mesh, fixture.identity().id(), Instant.EPOCH));
    assertEquals(2, board(1 << 20).version(fixture.mesh.id()));
  }

  @Test
  void aHubThatHasNothingToKeepMakesNoFolder() throws Exception {
    var _ = board(1 << 20).post(Revocations.none(fixture.mesh.id()));
    assertFalse(Files.exists(directory.resolve("revocations")));
  }

  @Test
  void aListThatIsForgottenGoesFromTheDiskToo() throws Exception {
    MeshKey a = MeshKey.generate(fixture.random);
    RevocationBoard board = board(listOf(a).encoded().length + 8);
    var _ = board.post(listOf(a));
    var _ = board.post(listOf(fixture.mesh));
    RevocationBoard again = board(1 << 20);
    assertEquals(0, again.version(a.id()));
    assertEquals(1, again.version(fixture.mesh.id()));
  }

  @Test
  void aDamagedFileIsNoList() throws Exception {
    var _ = board(1 << 20).post(listOf(fixture.mesh));
    Path file = directory.resolve("revocations").resolve(fixture.mesh.id() + ".der");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    RevocationBoard again = board(1 << 20);
    assertEquals(0, again.version(fixture.mesh.id()));
    var _ = again.post(listOf(fixture.mesh));
    assertEquals(1, board(1 << 20).version(fixture.mesh.id()));
  }
}
