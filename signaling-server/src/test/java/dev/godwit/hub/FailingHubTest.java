package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.HubCertificate;
import dev.godwit.identity.HubFingerprint;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.testing.disk.FailingDisk;
import dev.godwit.testing.disk.FailingDisk.Lasting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The folder of a hub, on a disk that fails at each of its calls in turn. A hub whose certificate
 * could not be kept does not begin; lists of revocations that could not be kept are brought again.
 */
class FailingHubTest {
  @TempDir private Path directory;

  private final Fixture fixture = new Fixture();
  private final MeshKey here = MeshKey.generate(fixture.random);
  private final MeshKey there = MeshKey.generate(fixture.random);
  private final Revocations first = next(here, Revocations.none(here.id()));
  private final Revocations second = next(here, first);
  private final Revocations other = next(there, Revocations.none(there.id()));

  private Revocations next(MeshKey mesh, Revocations list) {
    return list.revoke(mesh, fixture.identity().id(), Instant.EPOCH);
  }

  private HubCertificate certificate(Path folder) throws IOException {
    return HubCertificate.loadOrCreate(folder, InstantSource.system(), fixture.random);
  }

  private static RevocationBoard board(Path folder) throws IOException {
    RevocationBoard board = new RevocationBoard(1 << 20);
    RevocationFolder.connect(folder.resolve("revocations"), board, Runnable::run);
    return board;
  }

  /** A hub's life; the fingerprint that people were given, if it came that far. */
  private @Nullable HubFingerprint life(Path folder) throws IOException {
    HubFingerprint print;
    try {
      print = certificate(folder).fingerprint();
    } catch (IOException e) {
      return null;
    }
    RevocationBoard board = board(folder);
    for (Revocations list : new Revocations[] {first, other, second}) {
      var _ = board.post(list);
    }
    // Whatever the disk does, those who are connected get the newest.
    assertEquals(second.version(), board.version(here.id()));
    assertEquals(other.version(), board.version(there.id()));
    return print;
  }

  private void check(Path folder, @Nullable HubFingerprint print, String where) throws IOException {
    if (print != null) {
      assertEquals(print, certificate(folder).fingerprint(), where);
    }
    RevocationBoard back = board(folder);
    assertTrue(back.version(here.id()) <= second.version(), where);
    var _ = back.post(second);
    var _ = back.post(other);
    RevocationBoard again = board(folder);
    assertEquals(second.version(), again.version(here.id()), where);
    assertEquals(other.version(), again.version(there.id()), where);
  }

  @Test
  void aHubIsWhatItWasWhereverItsDiskFails() throws Exception {
    Path good = Files.createDirectory(directory.resolve("good"));
    FailingDisk works = FailingDisk.on(good);
    check(good.resolve("hub"), life(works.root().resolve("hub")), "");
    int calls = works.calls().size();
    int points = 0;
    for (Lasting lasting : Lasting.values()) {
      for (int call = 0; call < calls; call++) {
        String name = lasting + "-" + call;
        Path folder = Files.createDirectory(directory.resolve(name));
        FailingDisk disk = FailingDisk.on(folder);
        disk.failAt(call, lasting);
        HubFingerprint print = life(disk.root().resolve("hub"));
        if (disk.failures() == 0) {
          continue;
        }
        points++;
        disk.repair();
        disk.losePower(new Random(call));
        check(folder.resolve("hub"), print, " after " + name + ": " + disk.calls());
      }
    }
    assertTrue(points >= 45, "only " + points + " points");
  }
}
