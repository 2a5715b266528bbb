package dev.godwit.migration;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.PullOrder;
import dev.godwit.identity.Octets;
import dev.godwit.log.MemoryLog;
import dev.godwit.log.StableLog;
import dev.godwit.session.Greeting;
import dev.godwit.session.Protocol;
import dev.godwit.session.RequestProtocol;
import dev.godwit.session.Session;
import dev.godwit.session.SessionId;
import dev.godwit.session.SessionTiming;
import dev.godwit.session.TestMesh;
import dev.godwit.stream.Connection;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.wire.Compression;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A seeder and a leecher in one process, connected by memory. */
final class MigrationFixture implements AutoCloseable {
  static final SecureRandom RANDOM = new SecureRandom();

  /** Where seeders are from now on. */
  Octets place = Octets.random(16, RANDOM);

  static final SessionTiming TIMING =
      new SessionTiming(
          Duration.ofSeconds(10),
          Duration.ofSeconds(20),
          Duration.ofMillis(1),
          Duration.ofMillis(20));

  private final MemoryTransport.Network network = new MemoryTransport.Network();
  final TestMesh mesh = new TestMesh();
  private final List<MemoryTransport> transports = new CopyOnWriteArrayList<>();
  final TestMesh.Member alice = mesh.member("alice");
  final TestMesh.Member bob = mesh.member("bob");
  private final MemoryTransport seederTransport = new MemoryTransport(alice.id(), network);
  private final MemoryTransport leecherTransport = new MemoryTransport(bob.id(), network);
  final List<Connection> connections = new CopyOnWriteArrayList<>();
  final ChunkGeometry geometry;
  final Backend source;
  final Backend target;
  final StableLog seederLog;
  final StableLog leecherLog;
  volatile Seeder seeder;
  private final ProgramHook seederHook;
  private final Duration leecherTimeout;

  MigrationFixture(long size, ProgramHook seederHook) throws IOException {
    this(size, seederHook, Duration.ofMinutes(1));
  }

  MigrationFixture(long size, ProgramHook seederHook, Duration leecherTimeout) throws IOException {
    this(new MemoryBackend(size), new MemoryBackend(size), seederHook, leecherTimeout);
  }

  MigrationFixture(Backend source, Backend target, ProgramHook seederHook, Duration leecherTimeout)
      throws IOException {
    this(source, target, new MemoryLog(), new MemoryLog(), seederHook, leecherTimeout);
  }

  MigrationFixture(
      Backend source,
      Backend target,
      StableLog seederLog,
      StableLog leecherLog,
      ProgramHook seederHook,
      Duration leecherTimeout)
      throws IOException {
    this.seederLog = seederLog;
    this.leecherLog = leecherLog;
    this.leecherTimeout = leecherTimeout;
    this.geometry = ChunkGeometry.of(source.size());
    this.source = source;
    this.target = target;
    this.seederHook = seederHook;
    this.seeder = newSeeder();
    Protocol protocol = new RequestProtocol((peer, open) -> seeder.handler(peer), Compression.NONE);
    Greeting greeting =
        new Greeting(
            alice.admission(), Map.of(Seeder.protocol(), protocol), Duration.ofSeconds(10));
    seederTransport.listen(
        connection -> {
          var _ = greeting.welcome(connection);
        });
  }

  private Seeder newSeeder() throws IOException {
    return new Seeder(
        "disk",
        geometry,
        source,
        new Journal(seederLog),
        seederHook,
        leecherTimeout,
        place,
        RANDOM);
  }

  /** As if the seeder's process had died and come back: all that is left is disk and journal. */
  void restartSeeder() throws IOException {
    seeder.close();
    seeder = newSeeder();
    for (Connection connection : connections) {
      connection.close("the seeder died");
    }
  }

  Session session() {
    return session("disk");
  }

  /** Of another node of the mesh. */
  Session sessionOf(TestMesh.Member member) {
    MemoryTransport transport = new MemoryTransport(member.id(), network);
    transports.add(transport);
    return session("disk", member, transport);
  }

  Session session(String resource) {
    return session(resource, bob, leecherTransport);
  }

  private Session session(String resource, TestMesh.Member member, MemoryTransport transport) {
    Greeting greeting = new Greeting(member.admission(), Map.of(), Duration.ofSeconds(10));
    return new Session(
        SessionId.random(RANDOM),
        SeederClient.protocol(),
        resource,
        () -> {
          Connection connection =
              transport.dial(alice.id(), List.of("memory"), Duration.ofSeconds(5));
          greeting.greet(connection);
          connections.add(connection);
          return connection;
        },
        TIMING,
        Compression.NONE);
  }

  Leecher leecher(Session session, ProgramHook hook, Leecher.Settings settings) throws IOException {
    return leecher(session, hook, settings, leecherLog);
  }

  Leecher leecher(Session session, ProgramHook hook, Leecher.Settings settings, StableLog log)
      throws IOException {
    Journal journal = new Journal(log);
    Ownership.Pulling origin =
        switch (journal.ownership()) {
          case Ownership.Finalizing finalizing -> finalizing.pulling();
          case Ownership.Running running -> running.origin().pulling();
          case Ownership.Declined declined -> declined.origin().pulling();
          default ->
              new Ownership.Pulling(MigrationId.random(RANDOM), alice.id(), "disk", geometry);
        };
    return new Leecher(settings, target, journal, origin, session, hook, RANDOM);
  }

  static Leecher.Settings settings() {
    return settings(FinalizePolicy.maxDowntime(Duration.ofMillis(100)));
  }

  static Leecher.Settings settings(FinalizePolicy policy) {
    return new Leecher.Settings(
        policy,
        FinalizePolicy.PostCopy.AUTO,
        PullOrder.linear(),
        Duration.ofSeconds(10),
        Duration.ofSeconds(20));
  }

  @Override
  public void close() {
    seeder.close();
    transports.forEach(MemoryTransport::close);
    leecherTransport.close();
    seederTransport.close();
  }
}
