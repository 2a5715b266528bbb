package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.session.LiveConnections;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.Peer;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AuthorityWatchTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir private Path folder;

  private final MeshKey key = MeshKey.generate(RANDOM);
  private final Identity self = Identity.generate(RANDOM);
  private final Membership own =
      Membership.issue(
          key, self.id(), "alice", List.of(), InstantSource.system(), Duration.ofDays(1), RANDOM);
  private final MeshAdmission admission =
      new MeshAdmission(own, Revocations.none(key.id()), _ -> {}, InstantSource.system(), "test");
  private final List<Long> told = new ArrayList<>();
  private final List<String> advice = new ArrayList<>();

  private NodeHome home() {
    return new NodeHome(folder.resolve("home"), RANDOM);
  }

  private AuthorityWatch watch() {
    return new AuthorityWatch(
        home(),
        admission,
        new LiveConnections(),
        list -> told.add(list.version()),
        new Peer(own.node(), own),
        advice::add);
  }

  private Revocations revoked(NodeId... nodes) {
    Revocations list = Revocations.none(key.id());
    for (NodeId node : nodes) {
      list = list.revoke(key, node, Instant.now());
    }
    return list;
  }

  private static NodeId somebody() {
    return Identity.generate(RANDOM).id();
  }

  @Test
  void whatAnotherProcessHasStoredIsKnownAndPassedOn() throws Exception {
    AuthorityWatch watch = watch();
    watch.look();
    NodeId bob = somebody();
    Revocations list = revoked(bob);
    home().keep(list);
    watch.look();
    assertTrue(admission.known().isRevoked(bob));
    assertEquals(List.of(0L, list.version()), told);
  }

  @Test
  void aNodeThatIsRevokedIsToldOnce() throws Exception {
    AuthorityWatch watch = watch();
    watch.look();
    assertEquals(List.of(), advice);
    home().keep(revoked(self.id()));
    watch.look();
    watch.look();
    assertEquals(1, advice.size());
    assertTrue(advice.getFirst().contains("not a member of its mesh any more"), advice::toString);
  }

  @Test
  void anOlderListDoesNotReplaceANewerOne() throws IOException {
    Revocations newer = revoked(somebody(), somebody());
    home().keep(newer);
    home().keep(revoked(somebody()));
    assertEquals(newer.version(), home().revocations(key.id()).version());
  }
}
