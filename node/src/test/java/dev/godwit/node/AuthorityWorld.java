package dev.godwit.node;

import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.ChangeTimes;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.DatedBackend;
import dev.godwit.identity.Identity;
import dev.godwit.identity.Octets;
import dev.godwit.log.MemoryLog;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.membership.Revocations;
import dev.godwit.migration.Journal;
import dev.godwit.migration.MigrationId;
import dev.godwit.migration.Ownership;
import dev.godwit.migration.ProgramHook;
import dev.godwit.migration.Seeder;
import dev.godwit.mount.LeaseBook;
import dev.godwit.mount.MountHost;
import dev.godwit.mount.ProfileStore;
import dev.godwit.pullorder.HotBlocks;
import dev.godwit.session.CallMemory;
import dev.godwit.session.Greeting;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.RequestProtocol;
import dev.godwit.session.TestMesh;
import dev.godwit.stream.Connection;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.wire.Compression;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The node of alice, with everything that a node answers, and those who ask it. */
final class AuthorityWorld implements AutoCloseable {
  static final String RESOURCE = "disk";
  static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration LIFETIME = Duration.ofHours(1);
  static final int SIZE = 1 << 16;

  /** What mounts write. */
  static final byte WRITTEN = 7;

  private static final byte BEFORE = 3;

  private final MemoryTransport.Network network = new MemoryTransport.Network();
  private final List<MemoryTransport> transports = new ArrayList<>();
  private final TestMesh mesh = new TestMesh();
  private final TestMesh.Member alice = mesh.member("alice");

  /** Goes on at will. */
  private volatile Duration later = Duration.ZERO;

  private final InstantSource clock = () -> Instant.now().plus(later);
  private final MeshAdmission admission =
      new MeshAdmission(
          alice.membership(),
          Revocations.none(alice.membership().mesh()),
          newer -> {},
          clock,
          "test");
  private final MemoryBackend state = new MemoryBackend(SIZE);
  final Seeder seeder;
  final MigrationId moved = MigrationId.random(RANDOM);
  private final NodeHome home;

  AuthorityWorld(Path directory) throws IOException {
    home = new NodeHome(directory, RANDOM);
    state.write(ByteBuffer.wrap(new byte[] {BEFORE}), 0);
    ChunkGeometry geometry = ChunkGeometry.of(SIZE);
    ChangeTimes changes = new ChangeTimes(geometry);
    seeder =
        new Seeder(
            RESOURCE,
            geometry,
            state,
            new Journal(new MemoryLog()),
            ProgramHook.NONE,
            LIMIT,
            Octets.random(16, RANDOM),
            RANDOM);
    MountHost host =
        new MountHost(
            RESOURCE,
            geometry,
            new DatedBackend(state, geometry, changes),
            MountHost.Writers.MOUNTS,
            new LeaseBook(new MemoryLog(), LIMIT, System::nanoTime),
            RANDOM.nextLong(),
            new ForgottenProfiles(),
            new HotBlocks(geometry, LIMIT),
            changes);
    CallMemory budget = CallMemory.of(Runtime.getRuntime().maxMemory());
    Greeting greeting =
        new Greeting(
            admission,
            Map.of(
                Seeder.protocol(),
                protocol((peer, open) -> seeder.handler(peer), budget),
                MountHost.protocol(),
                protocol((peer, open) -> host.handler(peer), budget),
                Pinging.PROTOCOL,
                protocol((peer, open) -> Pinging::answer, budget),
                ReclaimAnswers.PROTOCOL,
                protocol((peer, open) -> new ReclaimAnswers(home), budget)),
            LIMIT);
    transport(alice.identity())
        .listen(
            connection -> {
              var _ = greeting.welcome(connection);
            });
  }

  private RequestProtocol protocol(RequestProtocol.Resolver resolver, CallMemory budget) {
    return new RequestProtocol(resolver, Compression.NONE, admission, budget);
  }

  private MemoryTransport transport(Identity identity) {
    MemoryTransport made = new MemoryTransport(identity.id(), network);
    transports.add(made);
    return made;
  }

  /** A node that may do this. */
  TestMesh.Member member(String name, List<Grant> grants) {
    return member(Identity.generate(RANDOM), name, grants);
  }

  /** That node may do this. */
  TestMesh.Member member(Identity identity, String name, List<Grant> grants) {
    return mesh.member(identity, name, grants, InstantSource.system(), LIFETIME);
  }

  /** A node that may do everything. */
  TestMesh.Member trusted(String name) {
    return member(name, List.of(new Grant("*", EnumSet.allOf(Capability.class))));
  }

  /** Connects as a node of that mesh does; its certificate is shown. */
  RawCaller greeted(TestMesh.Member member) throws IOException {
    Connection connection = dialled(member);
    var _ = new Greeting(member.admission(), Map.of(), LIMIT).greet(connection);
    return new RawCaller(connection);
  }

  /** Connects and shows nothing. */
  RawCaller silent(TestMesh.Member member) throws IOException {
    return new RawCaller(dialled(member));
  }

  private Connection dialled(TestMesh.Member member) throws IOException {
    return transport(member.identity()).dial(alice.id(), List.of("memory"), LIMIT);
  }

  /** From now on alice knows that this one was revoked. */
  void revoke(TestMesh.Member member) throws Exception {
    admission.learn(mesh.revoke(member.id()));
  }

  /** The certificates of members end, alice's does not. */
  void certificatesEnd() {
    later = LIFETIME.multipliedBy(2);
  }

  /** Alice pulls a state from that node, and has got nowhere. */
  void pullFrom(TestMesh.Member member) throws IOException {
    Path file = home.directory().resolve("pulled");
    pullFrom(member, file, file);
  }

  /** The same into a disk, of which is remembered elsewhere. */
  void pullFrom(TestMesh.Member member, Path file, Path beside) throws IOException {
    home.moves()
        .begin(
            new RememberedMoves.Move(
                file, beside, RESOURCE, member.id(), member.membership().name()));
    try (StateFolder folder = StateFolder.open(beside, file);
        Journal journal = new Journal(folder.log(StateFolder.Part.JOURNAL))) {
      journal.pulling(new Ownership.Pulling(moved, member.id(), RESOURCE, ChunkGeometry.of(SIZE)));
    }
  }

  /** Of the state. */
  byte firstByte() throws IOException {
    ByteBuffer first = ByteBuffer.allocate(1);
    state.read(first, 0);
    return first.get(0);
  }

  @Override
  public void close() {
    seeder.close();
    transports.forEach(MemoryTransport::close);
  }

  private static final class ForgottenProfiles implements ProfileStore {
    @Override
    public Optional<byte[]> load() {
      return Optional.empty();
    }

    @Override
    public void save(byte[] encoded) {}
  }
}
