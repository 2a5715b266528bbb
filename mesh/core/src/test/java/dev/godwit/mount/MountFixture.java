package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.ChangeTimes;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.DatedBackend;
import dev.godwit.chunk.PullOrder;
import dev.godwit.log.MemoryLog;
import dev.godwit.log.StableLog;
import dev.godwit.mount.MountClient.Access;
import dev.godwit.pullorder.HotBlocks;
import dev.godwit.session.Greeting;
import dev.godwit.session.Peer;
import dev.godwit.session.Protocol;
import dev.godwit.session.RemoteException;
import dev.godwit.session.RequestHandler;
import dev.godwit.session.RequestProtocol;
import dev.godwit.session.Session;
import dev.godwit.session.SessionId;
import dev.godwit.session.SessionTiming;
import dev.godwit.session.TestMesh;
import dev.godwit.stream.Connection;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.testing.Patience;
import dev.godwit.wire.Compression;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An owner and mounts in one process, connected by memory. */
final class MountFixture implements AutoCloseable {
  static final SecureRandom RANDOM = new SecureRandom();
  static final Duration LIMIT = Patience.seconds(20);
  static final Duration LEASE = Duration.ofSeconds(30);
  private static final SessionTiming TIMING =
      new SessionTiming(
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofMillis(1),
          Duration.ofMillis(20));

  private final MemoryTransport.Network network = new MemoryTransport.Network();
  final TestMesh mesh;
  final TestMesh.Member alice;
  private final MemoryTransport owner;
  private final List<AutoCloseable> closing = new CopyOnWriteArrayList<>();
  final List<Connection> connections = new CopyOnWriteArrayList<>();
  final ChunkGeometry geometry;
  final Backend state;
  final HotBlocks hot;

  /** What programs on the owner's machine write to. */
  final Backend device;

  private final ChangeTimes changes;

  private final StableLog leaseLog;
  final AtomicLong nanos = new AtomicLong();

  /** How often the owner's user was told that its disk fails. */
  final AtomicInteger troubles = new AtomicInteger();

  private volatile @Nullable MountHost host;
  private volatile byte[] profile = new byte[0];
  private final ProfileStore profiles =
      new ProfileStore() {
        @Override
        public Optional<byte[]> load() {
          return profile.length == 0 ? Optional.empty() : Optional.of(profile);
        }

        @Override
        public void save(byte[] encoded) {
          profile = encoded;
        }
      };

  MountFixture(long size) throws IOException {
    this(new MemoryBackend(size));
  }

  MountFixture(Backend state) throws IOException {
    this(state, new MemoryLog(), new TestMesh());
  }

  private MountFixture(Backend state, StableLog leaseLog, TestMesh mesh) throws IOException {
    this(state, leaseLog, mesh, mesh.member("alice"));
  }

  /** An owner with its leases on a disk of the caller's. */
  MountFixture(Backend state, StableLog leaseLog, TestMesh mesh, TestMesh.Member alice)
      throws IOException {
    this.mesh = mesh;
    this.alice = alice;
    this.owner = new MemoryTransport(alice.id(), network);
    this.state = state;
    this.leaseLog = leaseLog;
    this.geometry = ChunkGeometry.of(state.size());
    this.hot = new HotBlocks(geometry, Duration.ofHours(1));
    this.changes = new ChangeTimes(geometry);
    this.device = new DatedBackend(state, geometry, changes);
    ownerBegins(MountHost.Writers.MOUNTS);
    Protocol protocol = new RequestProtocol((peer, open) -> handler(peer), Compression.NONE);
    Greeting greeting =
        new Greeting(
            alice.admission(), Map.of(MountHost.protocol(), protocol), Duration.ofSeconds(10));
    owner.listen(
        connection -> {
          var _ = greeting.welcome(connection);
        });
  }

  private RequestHandler handler(Peer peer) throws RemoteException {
    MountHost now = host;
    if (now == null) {
      throw new RemoteException(Failure.Code.NO_SUCH_RESOURCE, "the owner is away");
    }
    return now.handler(peer);
  }

  /** The owner's process begins, with what is on its disk. */
  void ownerBegins(MountHost.Writers writers) throws IOException {
    ownerBegins(writers, LEASE);
  }

  /** As {@link #ownerBegins(MountHost.Writers)}, with leases of another length. */
  void ownerBegins(MountHost.Writers writers, Duration lease) throws IOException {
    host = host(geometry, device, writers, new LeaseBook(leaseLog, lease, nanos::get));
  }

  /** The owner's process begins, and a program there has the resource. */
  void programOfTheOwnerBegins() throws IOException {
    LeaseBook leases = new LeaseBook(leaseLog, LEASE, nanos::get);
    leases.ownerWrites();
    host = host(geometry, device, MountHost.Writers.LOCAL_PROGRAM, leases);
  }

  /** The owner's process begins, with another state. */
  void ownerBegins(Backend other) throws IOException {
    host =
        host(
            ChunkGeometry.of(other.size()),
            other,
            MountHost.Writers.MOUNTS,
            new LeaseBook(leaseLog, LEASE, nanos::get));
  }

  private MountHost host(
      ChunkGeometry shape, Backend served, MountHost.Writers writers, LeaseBook leases) {
    MountHost made =
        new MountHost(
            "disk", shape, served, writers, leases, RANDOM.nextLong(), profiles, hot, changes);
    made.onTrouble(failure -> troubles.incrementAndGet());
    return made;
  }

  /** What serves mounts now. */
  MountHost owner() {
    return Objects.requireNonNull(host);
  }

  /** The owner's process ends. */
  void ownerEnds() {
    MountHost now = host;
    host = null;
    if (now != null) {
      now.close();
    }
    cut();
  }

  /** All connections break. */
  void cut() {
    for (Connection connection : connections) {
      connection.close("cut by the test");
    }
    connections.clear();
  }

  /** A session of a node of the mesh. */
  Session session(TestMesh.Member member) throws IOException {
    MemoryTransport transport = new MemoryTransport(member.id(), network);
    closing.add(transport);
    Greeting greeting = new Greeting(member.admission(), Map.of(), Duration.ofSeconds(10));
    Session session =
        new Session(
            SessionId.random(RANDOM),
            MountHost.protocol(),
            "disk",
            () -> {
              Connection connection =
                  transport.dial(alice.id(), List.of("memory"), Duration.ofSeconds(5));
              greeting.greet(connection);
              connections.add(connection);
              return connection;
            },
            TIMING,
            Compression.NONE);
    closing.add(session);
    session.start();
    return session;
  }

  /** A direct mount. */
  RemoteBackend direct(TestMesh.Member member, Access access) throws IOException {
    Session session = session(member);
    MountClient client = new MountClient(session);
    return new RemoteBackend(
        session, client, client.open(MountId.random(RANDOM), access, 0, false), access, LIMIT);
  }

  /** A machine that mounts, with what is on its disk. */
  final class Machine {
    final TestMesh.Member member;
    final MemoryLog log = new MemoryLog();
    final MemoryBackend cache = new MemoryBackend(geometry.size());
    @Nullable Session session;

    private Machine(TestMesh.Member member) {
      this.member = member;
    }

    /** Mounts with the cache that is there. */
    ManagedMount mount(ManagedMount.Settings settings) throws IOException {
      return mount(Access.WRITE, settings);
    }

    ManagedMount mount(Access access, ManagedMount.Settings settings) throws IOException {
      return mount(access, cache, log, settings);
    }

    /** Mounts with another disk below the cache. */
    ManagedMount mountOn(Backend disk, ManagedMount.Settings settings) throws IOException {
      return mountOn(disk, log, settings);
    }

    /** Mounts with another disk below the cache and its journal. */
    ManagedMount mountOn(Backend disk, StableLog journal, ManagedMount.Settings settings)
        throws IOException {
      return mount(Access.WRITE, disk, journal, settings);
    }

    private ManagedMount mount(
        Access access, Backend disk, StableLog kept, ManagedMount.Settings settings)
        throws IOException {
      Session fresh = session(member);
      session = fresh;
      MountClient client = new MountClient(fresh);
      CacheJournal journal = new CacheJournal(kept);
      CacheJournal.@Nullable Origin before = journal.origin();
      MountId mount = before == null ? MountId.random(RANDOM) : before.mount();
      MountClient.Opened opened =
          client.open(
              mount,
              access,
              before == null ? 0 : before.generation(),
              !journal.unsaved().isEmpty());
      return new ManagedMount(
              fresh,
              client,
              access,
              opened,
              disk,
              journal,
              new CacheJournal.Origin(
                  mount, alice.id(), "disk", opened.geometry(), opened.generation()),
              settings)
          .start();
    }

    /** As the command does: the session ends with the mount. */
    long ends(ManagedMount mount, Duration limit) throws IOException {
      long unsaved = mount.end(limit);
      Objects.requireNonNull(session).close();
      return unsaved;
    }

    /** As kill -9 does: the session ends, and nothing more is written. */
    void dies(ManagedMount mount) throws IOException {
      Objects.requireNonNull(session).close();
      mount.close();
    }
  }

  Machine machine(String name) {
    return new Machine(mesh.member(name));
  }

  /** The machine of one who has been there before. */
  Machine machine(TestMesh.Member member) {
    return new Machine(member);
  }

  static ManagedMount.Settings settings(Durability durability) {
    return new ManagedMount.Settings(
        durability,
        LIMIT,
        resource -> PullOrder.linear(),
        ManagedMount.Pull.IN_BACKGROUND,
        Duration.ofMillis(20),
        Duration.ofMillis(20),
        1L << 30);
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable one : closing.reversed()) {
      one.close();
    }
    owner.close();
  }
}
