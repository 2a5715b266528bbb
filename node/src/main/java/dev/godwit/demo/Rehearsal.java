package dev.godwit.demo;

import dev.godwit.backend.FileBackend;
import dev.godwit.hub.Hub;
import dev.godwit.hub.HubConfig;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.migration.LeecherState;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdClient;
import dev.godwit.node.CommandHook;
import dev.godwit.node.Device;
import dev.godwit.node.LeechOptions;
import dev.godwit.node.Leeching;
import dev.godwit.node.MeshFounding;
import dev.godwit.node.Node;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.Pinging;
import dev.godwit.node.SeedOptions;
import dev.godwit.node.Seeding;
import dev.godwit.path.PathPolicy;
import dev.godwit.path.Way;
import dev.godwit.signaling.HubAddress;
import dev.godwit.ticket.Ticket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A small demo inside one process: hub, two nodes, device, program, migration. It shows nothing; it
 * makes the virtual machine load and compile what real processes need.
 */
public final class Rehearsal {
  private static final long SIZE = 8 << 20;

  private Rehearsal() {}

  /**
   * Runs it, in a temporary folder that is removed afterwards.
   *
   * @throws IOException when something did not work
   */
  public static void run() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-rehearsal");
    try {
      run(directory);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static void run(Path directory) throws IOException, InterruptedException {
    SecureRandom random = new SecureRandom();
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    NodeSettings settings = NodeSettings.standard().withListen(loopback);
    NodeHome alice = new NodeHome(directory.resolve("alice"), random);
    NodeHome bob = new NodeHome(directory.resolve("bob"), random);
    Path source = directory.resolve("source");
    FileBackend.create(source, SIZE, NativeSparseFile.opener()).close();
    Device.Nbd device = nbd(directory.resolve("device.sock"));
    try (Hub hub = Hub.start(HubConfig.inMemory(loopback, InstantSource.system(), random))) {
      HubAddress address =
          new HubAddress(
              hub.address().getAddress().getHostAddress(),
              hub.address().getPort(),
              hub.fingerprint());
      MeshFounding.create(alice, "rehearsal", "alice", address);
      Ticket ticket =
          MeshFounding.invite(
              alice,
              "bob",
              List.of(new Grant("*", EnumSet.of(Capability.MIGRATE))),
              Duration.ofMinutes(5));
      CommandHook hook = new CommandHook("true", "true", Map.of(), Duration.ofSeconds(10));
      SeedOptions seed =
          new SeedOptions("state", source, List.of(device), hook, Duration.ofMinutes(1), 0);
      try (Node here = Node.start(alice, settings);
          Seeding seeding = here.seed(seed)) {
        MeshFounding.join(bob, ticket.text());
        for (Way way : List.of(Way.TLS, Way.RELAY)) {
          ping(bob, settings.withPolicy(PathPolicy.only(way)));
        }
        write(device.address(), directory.resolve("log"));
        move(bob, settings, directory, hook);
        seeding.released().join();
      }
    }
  }

  private static Device.Nbd nbd(Path socket) {
    return new Device.Nbd(NbdAddress.parse("nbd:unix:" + socket));
  }

  private static void ping(NodeHome home, NodeSettings settings) throws IOException {
    try (Node node = Node.start(home, settings);
        Pinging pinging = node.ping(node.find("alice").getFirst())) {
      var _ = pinging.ask(Duration.ofSeconds(10));
    }
  }

  private static void write(NbdAddress device, Path log) throws IOException {
    try (AckLog acks = new AckLog(log);
        NbdClient client =
            NbdClient.connect(
                device, new NbdClient.Settings(Duration.ofSeconds(5), Duration.ofSeconds(5)))) {
      long end = System.nanoTime() + Duration.ofMillis(500).toNanos();
      new RecordProgram(client, 64 << 20).run(acks, () -> System.nanoTime() > end);
    }
  }

  private static void move(NodeHome home, NodeSettings settings, Path directory, CommandHook hook)
      throws IOException, InterruptedException {
    Path target = directory.resolve("target");
    Device.Nbd device = nbd(directory.resolve("target.sock"));
    LeechOptions usual = LeechOptions.of("alice/state", target);
    LeechOptions options =
        new LeechOptions(
            usual.name(), target, usual.existing(), List.of(device), hook, usual.settings());
    try (Node node = Node.start(home, settings);
        Leeching leeching = node.leech(options)) {
      // Waits on the device as a program does that was started beforehand.
      CompletableFuture<Void> successor =
          CompletableFuture.runAsync(
              () -> {
                try {
                  write(device.address(), directory.resolve("log-after"));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      LeecherState end = leeching.await();
      successor.join();
      if (!(end instanceof LeecherState.Complete)) {
        throw new IOException("the rehearsal did not work: " + end);
      }
    }
  }
}
