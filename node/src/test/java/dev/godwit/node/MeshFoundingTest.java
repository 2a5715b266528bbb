package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.signaling.HubAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class MeshFoundingTest {
  private static final HubFingerprint PRINT = HubFingerprint.of(new byte[32]);
  private static final Duration HOUR = Duration.ofHours(1);

  private final SecureRandom random = new SecureRandom();
  @TempDir private Path directory;

  private NodeHome home() {
    return new NodeHome(directory.resolve("home"), random);
  }

  /** A mesh that alice has made. */
  private NodeHome founded() throws IOException {
    NodeHome home = home();
    MeshKey key = home.createMeshKey();
    Membership own = member(key, home.identity().id(), "alice", InstantSource.system());
    home.enter(new MeshInfo(key.id(), "lab", List.of("127.0.0.1:1"), PRINT), own);
    home.admitted(own);
    return home;
  }

  private Membership member(MeshKey key, NodeId node, String name, InstantSource clock) {
    return Membership.issue(key, node, name, List.of(), clock, HOUR, random);
  }

  private NodeId joined(NodeHome home, String name, InstantSource clock) throws IOException {
    NodeId node = Identity.generate(random).id();
    home.admitted(member(home.meshKey().orElseThrow(), node, name, clock));
    return node;
  }

  private NodeId joined(NodeHome home, String name) throws IOException {
    return joined(home, name, InstantSource.system());
  }

  private static void revoke(NodeHome home, NodeId node) throws IOException {
    MeshKey key = home.meshKey().orElseThrow();
    home.keep(home.revocations(key.id()).revoke(key, node, Instant.now()));
  }

  private static String refusal(NodeException.Kind kind, Executable what) {
    NodeException refused = assertThrows(NodeException.class, what);
    assertEquals(kind, refused.kind(), refused::toString);
    return String.valueOf(refused.getMessage());
  }

  private static void invite(NodeHome home, String name) throws IOException {
    var _ = MeshFounding.invite(home, name, List.of(), HOUR);
  }

  @Test
  void aMeshWhoseNameNoTicketCanCarryIsRefusedBeforeAnyKeyIsMade() {
    HubAddress hub = new HubAddress("127.0.0.1", 1, PRINT);
    for (String name : List.of("Lab", "my lab", "labör", "x".repeat(64))) {
      String said =
          refusal(NodeException.Kind.USAGE, () -> MeshFounding.create(home(), name, "alice", hub));
      assertTrue(said.startsWith("'" + name + "' cannot be the name of a mesh."), said);
    }
    assertFalse(Files.exists(home().directory()));
  }

  private List<String> kept(NodeHome home) throws IOException {
    List<String> contents = new ArrayList<>();
    for (String name :
        List.of("mesh.key", "mesh.properties", "membership.der", "revocations.der")) {
      Path file = home.directory().resolve(name);
      contents.add(
          Files.exists(file) ? HexFormat.of().formatHex(Files.readAllBytes(file)) : "none");
    }
    return contents;
  }

  @Test
  void aNodeThatIsInAMeshMakesNoOther() throws Exception {
    NodeHome home = home();
    MeshKey key = MeshKey.generate(random);
    home.enter(
        new MeshInfo(key.id(), "lab", List.of("127.0.0.1:1"), PRINT),
        member(key, home.identity().id(), "bob", InstantSource.system()));
    home.keep(
        Revocations.none(key.id()).revoke(key, Identity.generate(random).id(), Instant.now()));
    List<String> before = kept(home);
    HubAddress hub = new HubAddress("127.0.0.1", 1, PRINT);
    String said =
        refusal(NodeException.Kind.FAILED, () -> MeshFounding.create(home, "other", "alice", hub));
    assertEquals("This node is in mesh lab already; use another --home for a second one.", said);
    assertEquals(before, kept(home));
  }

  @Test
  void aNodeThatHasMadeAMeshMakesNoOtherAndJoinsNone() throws Exception {
    NodeHome home = founded();
    List<String> before = kept(home);
    HubAddress hub = new HubAddress("127.0.0.1", 1, PRINT);
    String made =
        refusal(NodeException.Kind.FAILED, () -> MeshFounding.create(home, "other", "alice", hub));
    assertTrue(made.startsWith("This node has made mesh lab already"), made);
    NodeHome other = new NodeHome(directory.resolve("other"), random);
    MeshKey key = other.createMeshKey();
    Membership own = member(key, other.identity().id(), "carol", InstantSource.system());
    other.enter(new MeshInfo(key.id(), "photos", List.of("127.0.0.1:1"), PRINT), own);
    String ticket = MeshFounding.invite(other, "alice", List.of(), HOUR).text();
    String joined = refusal(NodeException.Kind.NOT_ALLOWED, () -> MeshFounding.join(home, ticket));
    assertTrue(joined.contains("one mesh at a time"), joined);
    assertEquals(before, kept(home));
  }

  @Test
  void aNodeThatInvitesDoesNotGiveItsOwnNameAway() throws Exception {
    NodeHome home = founded();
    String said = refusal(NodeException.Kind.FAILED, () -> invite(home, "alice"));
    assertTrue(said.contains(home.identity().id().toString()), said);
  }

  @Test
  void aMembersNameIsNotGivenToAnother() throws Exception {
    NodeHome home = founded();
    NodeId bob = joined(home, "bob");
    String said = refusal(NodeException.Kind.FAILED, () -> invite(home, "bob"));
    assertTrue(said.contains(bob + "."), said);
    assertTrue(said.contains("'godwit mesh revoke bob'"), said);
  }

  @Test
  void aRevokedMembersNameIsFree() throws Exception {
    NodeHome home = founded();
    revoke(home, joined(home, "bob"));
    invite(home, "bob");
  }

  @Test
  void anExpiredMembersNameIsFree() throws Exception {
    NodeHome home = founded();
    joined(home, "bob", () -> Instant.now().minus(HOUR.multipliedBy(2)));
    invite(home, "bob");
  }

  @Test
  void aNameOfTwoMembersNamesNeitherAndTheirIdsAreShown() throws Exception {
    NodeHome home = founded();
    NodeId one = joined(home, "bob");
    NodeId other = joined(home, "bob");
    MemberNames names = new MemberNames(home);
    String said = refusal(NodeException.Kind.USAGE, () -> names.find("bob"));
    assertTrue(said.contains(one.toString()) && said.contains(other.toString()), said);
    assertTrue(said.contains("'godwit mesh members'"), said);
    assertEquals(one, names.find(one.toString()));
  }

  @Test
  void aRevokedMemberDoesNotMakeItsSuccessorsNameAmbiguous() throws Exception {
    NodeHome home = founded();
    revoke(home, joined(home, "bob"));
    NodeId successor = joined(home, "bob");
    assertEquals(successor, new MemberNames(home).find("bob"));
  }
}
