package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.membership.Serial;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RevocationBoardTest {

  private final Fixture fixture = new Fixture();

  private Revocations listOf(MeshKey mesh) {
    return Revocations.none(mesh.id()).revoke(mesh, fixture.identity().id(), Instant.EPOCH);
  }

  @Test
  void keepsTheNewestList() {
    RevocationBoard board = new RevocationBoard(1 << 20);
    Revocations first = listOf(fixture.mesh);
    Revocations second = first.revoke(fixture.mesh, fixture.identity().id(), Instant.EPOCH);
    assertEquals(0, board.version(fixture.mesh.id()));
    assertEquals(RevocationBoard.Change.NEWER, board.post(second));
    assertEquals(RevocationBoard.Change.NONE, board.post(first));
    assertEquals(RevocationBoard.Change.NONE, board.post(second));
    assertEquals(2, board.version(fixture.mesh.id()));
  }

  @Test
  void anEmptyListIsNoNews() {
    RevocationBoard board = new RevocationBoard(1 << 20);
    assertEquals(RevocationBoard.Change.NONE, board.post(Revocations.none(fixture.mesh.id())));
  }

  @Test
  void forgetsTheListThatWasNotUsedLongest() {
    MeshKey a = MeshKey.generate(fixture.random);
    MeshKey b = MeshKey.generate(fixture.random);
    MeshKey c = MeshKey.generate(fixture.random);
    Revocations listOfA = listOf(a);
    RevocationBoard board = new RevocationBoard(2L * listOfA.encoded().length + 8);
    board.post(listOfA);
    board.post(listOf(b));
    assertEquals(1, board.version(a.id()));
    board.post(listOf(c));
    assertEquals(1, board.version(a.id()));
    assertEquals(0, board.version(b.id()));
    assertEquals(1, board.version(c.id()));
  }

  @Test
  void whoeverPublishesMuchDrivesNobodyOut() {
    Revocations small = listOf(fixture.mesh);
    RevocationBoard board = new RevocationBoard(64 << 10);
    board.post(small);
    for (int i = 0; i < 20; i++) {
      MeshKey stranger = MeshKey.generate(fixture.random);
      List<Serial> many = Stream.generate(() -> Serial.random(fixture.random)).limit(300).toList();
      board.post(Revocations.none(stranger.id()).revoke(stranger, many, Instant.EPOCH));
    }
    assertEquals(1, board.version(fixture.mesh.id()));
  }
}
