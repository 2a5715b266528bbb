package dev.godwit.bench;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.log.FileLog;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.migration.Journal;
import dev.godwit.migration.Leecher;
import dev.godwit.migration.LeecherState;
import dev.godwit.migration.MigrationId;
import dev.godwit.migration.Ownership;
import dev.godwit.migration.ProgramHook;
import dev.godwit.migration.Seeder;
import dev.godwit.migration.SeederClient;
import dev.godwit.quic.QuicSettings;
import dev.godwit.quic.QuicTransport;
import dev.godwit.session.Greeting;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.RequestProtocol;
import dev.godwit.session.Session;
import dev.godwit.session.SessionId;
import dev.godwit.session.SessionTiming;
import dev.godwit.stream.BufferPool;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.wire.Compression;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * 1 GiB from one process to another over loopback: a bare stream of Netty's QUIC codec, one of our
 * transport, and a whole migration, in turn, in the same two processes, after some rounds that do
 * not count.
 */
final class TransferBench {
  private static final long BYTES = 1L << 30;
  private static final int RUNS = 7;

  /** Rounds that do not count: the compiler is at work for about as long. */
  private static final int WARM_UP = 5;

  private static final int ROUNDS = WARM_UP + RUNS;
  private static final int PIECE = 256 * 1024;

  private TransferBench() {}

  static void run(PrintStream out, List<String> wanted) throws Exception {
    Path directory = Files.createTempDirectory("godwit-bench");
    keys(directory);
    Process source = BenchPeer.start(directory, "source", directory.toString());
    Process sink = null;
    try (BufferedReader lines = source.inputReader()) {
      Files.writeString(directory.resolve("source.txt"), first(lines, directory));
      sink = BenchPeer.start(directory, "sink", directory.toString());
      List<Double> bare = new ArrayList<>();
      List<Double> stream = new ArrayList<>();
      List<Double> migrate = new ArrayList<>();
      try (BufferedReader results = sink.inputReader()) {
        for (int run = 0; run < ROUNDS; run++) {
          String[] one = first(results, directory).split(" ", -1);
          if (run >= WARM_UP) {
            bare.add(Double.parseDouble(one[0]));
            stream.add(Double.parseDouble(one[1]));
            migrate.add(Double.parseDouble(one[2]));
          }
        }
      }
      Ratios ratios = new Ratios(out, "QUIC, loopback, 1 GiB, two processes", "MB/s");
      if (wanted.contains("quic")) {
        ratios.line("our stream", stream, "bare", bare);
      }
      if (wanted.contains("migrate")) {
        ratios.line("a migration", migrate, "bare", bare);
      }
    } finally {
      source.destroy();
      if (sink != null) {
        sink.destroy();
        sink.waitFor(5, TimeUnit.SECONDS);
      }
      source.waitFor(5, TimeUnit.SECONDS);
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static String first(BufferedReader lines, Path directory) throws IOException {
    String line = lines.readLine();
    if (line == null) {
      StringBuilder errors = new StringBuilder();
      for (String role : List.of("source", "sink")) {
        Path file = directory.resolve(role + ".err");
        errors.append(Files.exists(file) ? Files.readString(file) : "");
      }
      throw new IOException("a process of the benchmark ended: " + errors);
    }
    return line;
  }

  private static void keys(Path directory) throws IOException {
    SecureRandom random = new SecureRandom();
    MeshKey mesh = MeshKey.generate(random);
    for (String name : List.of("source", "sink")) {
      Identity identity = Identity.loadOrCreate(directory.resolve(name + ".pem"), random);
      Membership membership =
          Membership.issue(
              mesh,
              identity.id(),
              name,
              List.of(new Grant("*", EnumSet.allOf(Capability.class))),
              InstantSource.system(),
              Duration.ofHours(1),
              random);
      Files.write(directory.resolve(name + ".der"), membership.encoded());
    }
  }

  private static QuicTransport transport(Identity identity) throws IOException {
    return new QuicTransport(
        identity,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        QuicSettings.STANDARD,
        InstantSource.system(),
        new SecureRandom());
  }

  private static MeshAdmission admission(Path directory, String name) throws Exception {
    Membership own = Membership.parse(Files.readAllBytes(directory.resolve(name + ".der")));
    return new MeshAdmission(
        own, Revocations.none(own.mesh()), _ -> {}, InstantSource.system(), "bench");
  }

  /** The sending process. */
  static void source(Path directory) throws Exception {
    MemoryBackend memory = new MemoryBackend(BYTES);
    byte[] noise = new byte[1 << 20];
    new Random(1).nextBytes(noise);
    for (long offset = 0; offset < BYTES; offset += noise.length) {
      memory.write(ByteBuffer.wrap(noise), offset);
    }
    Identity identity = Identity.load(directory.resolve("source.pem"));
    QuicTransport streams = transport(identity);
    streams.listen(connection -> connection.serve(TransferBench::pour));
    Map<String, Seeder> seeders = new ConcurrentHashMap<>();
    for (int run = 0; run < ROUNDS; run++) {
      seeders.put(
          "run" + run,
          new Seeder(
              "run" + run,
              ChunkGeometry.of(BYTES),
              memory,
              new Journal(FileLog.open(directory.resolve("source" + run + ".log"))),
              ProgramHook.NONE,
              Duration.ofMinutes(5),
              Octets.of(),
              new SecureRandom()));
    }
    Greeting greeting =
        new Greeting(
            admission(directory, "source"),
            Map.of(
                Seeder.protocol(),
                new RequestProtocol(
                    (peer, open) ->
                        Objects.requireNonNull(seeders.get(open.getResource())).handler(peer),
                    Compression.NONE)),
            Duration.ofSeconds(10));
    QuicTransport migrations = transport(identity);
    migrations.listen(
        connection -> {
          var _ = greeting.welcome(connection);
        });
    System.out.println(
        identity.id()
            + " "
            + new BareQuic().serve(BYTES)
            + " "
            + streams.addresses().getFirst()
            + " "
            + migrations.addresses().getFirst());
    Thread.currentThread().join();
  }

  private static void pour(ByteStream stream) throws IOException {
    stream.readFully(ByteBuffer.allocate(1));
    BufferPool pool = new BufferPool(PIECE, 8);
    for (long sent = 0; sent < BYTES; sent += PIECE) {
      stream.send(pool.take());
    }
    stream.finish();
    var _ = stream.read(ByteBuffer.allocate(1));
  }

  /** The receiving process: measures, and prints a line for each run. */
  static void sink(Path directory) throws Exception {
    String[] source =
        Files.readString(directory.resolve("source.txt"), StandardCharsets.UTF_8).split(" ", -1);
    NodeId peer = NodeId.parse(source[0]);
    BareQuic bare = new BareQuic();
    QuicTransport transport = transport(Identity.load(directory.resolve("sink.pem")));
    Greeting greeting =
        new Greeting(admission(directory, "sink"), Map.of(), Duration.ofSeconds(10));
    MemoryBackend memory = new MemoryBackend(BYTES);
    for (int run = 0; run < ROUNDS; run++) {
      double first = bare.fetch(Integer.parseInt(source[1]), BYTES);
      double second = drain(transport.dial(peer, List.of(source[2]), Duration.ofSeconds(10)));
      // The memory is there beforehand, as it is for the streams.
      memory.zero(0, BYTES, Backend.Holes.FORBIDDEN);
      double third = migrate(directory, run, transport, greeting, peer, source[3], memory);
      System.out.println(first + " " + second + " " + third);
      System.out.flush();
    }
  }

  private static double drain(Connection connection) throws IOException {
    try (ByteStream stream = connection.open(Urgency.BULK)) {
      stream.write(ByteBuffer.allocate(1));
      ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
      long start = System.nanoTime();
      for (long got = 0; got < BYTES; got += PIECE) {
        stream.readFully(buffer.clear());
      }
      return BYTES / 1e6 / ((System.nanoTime() - start) / 1e9);
    } finally {
      connection.close("measured");
    }
  }

  private static double migrate(
      Path directory,
      int run,
      QuicTransport transport,
      Greeting greeting,
      NodeId peer,
      String address,
      MemoryBackend memory)
      throws IOException {
    SecureRandom random = new SecureRandom();
    try (Session session =
            new Session(
                SessionId.random(random),
                SeederClient.protocol(),
                "run" + run,
                () -> {
                  Connection connection =
                      transport.dial(peer, List.of(address), Duration.ofSeconds(10));
                  greeting.greet(connection);
                  return connection;
                },
                SessionTiming.STANDARD,
                Compression.NONE);
        Journal journal = new Journal(FileLog.open(directory.resolve("sink" + run + ".log")))) {
      session.start();
      Leecher leecher =
          new Leecher(
              Leecher.Settings.standard(),
              memory,
              journal,
              new Ownership.Pulling(
                  MigrationId.random(random), peer, "run" + run, ChunkGeometry.of(BYTES)),
              session,
              ProgramHook.NONE,
              random);
      long start = System.nanoTime();
      LeecherState end = leecher.run();
      double seconds = (System.nanoTime() - start) / 1e9;
      if (!(end instanceof LeecherState.Complete)) {
        throw new IOException("the migration ended with " + end);
      }
      return BYTES / 1e6 / seconds;
    }
  }
}
