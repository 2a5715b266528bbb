package dev.godwit.bench;

import dev.godwit.backend.FileBackend;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * A file as {@code godwit seed} serves it, against nbdkit and qemu-nbd over files with the same
 * contents on the same file system: fio and nbdcopy over UNIX sockets, in turn. The file systems
 * are in memory, so that no disk is measured; every server has worked before it is measured. Needs
 * root and 9 GiB of memory.
 */
final class NbdFileBench {
  private static final long SIZE = 1L << 30;
  private static final int RUNS = 5;

  /** In the file with holes, data and holes take turns in pieces of this size. */
  private static final int FRAGMENT = 64 << 10;

  private final PrintStream out;
  private final World world;
  private final Member alice;
  private final Path memory;
  private final Path noise;

  private NbdFileBench(PrintStream out, World world, Member alice, Path memory) throws IOException {
    this.out = out;
    this.world = world;
    this.alice = alice;
    this.memory = memory;
    this.noise = memory.resolve("noise");
    MountBench.fill(noise, SIZE);
  }

  private enum FileSystem {
    TMPFS,
    EXT4,
    XFS;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is measured of each peer at its socket. */
  @FunctionalInterface
  private interface Measurement {
    double at(Path socket) throws IOException, InterruptedException;
  }

  static void run(PrintStream out) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("godwit-bench");
    try (World world = World.in(directory)) {
      Path memory = Files.createDirectory(world.path("memory"));
      mount(world, memory, "-t", "tmpfs", "-o", "size=9g", "none");
      try {
        Member alice = world.mesh("alice").getFirst();
        NbdFileBench bench = new NbdFileBench(out, world, alice, memory);
        for (FileSystem system : FileSystem.values()) {
          bench.measure(system);
        }
      } finally {
        unmount(world, memory);
      }
    } finally {
      MountBench.delete(directory);
    }
  }

  private static void mount(World world, Path at, String... what)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("mount"));
    command.addAll(List.of(what));
    command.add(at.toString());
    var _ = world.programs().run("", command).succeeded();
  }

  /** With it goes the loop device that the mount has made. */
  private static void unmount(World world, Path at) throws IOException, InterruptedException {
    var _ = world.programs().run("umount", at.toString()).succeeded();
  }

  private void measure(FileSystem system) throws IOException, InterruptedException {
    Path folder = Files.createDirectory(memory.resolve(system.toString()));
    if (system == FileSystem.TMPFS) {
      measure(system, folder);
      return;
    }
    Path image = memory.resolve("image");
    FileBackend.create(image, 4 * SIZE, NativeSparseFile.opener()).close();
    var _ = world.programs().run("mkfs." + system, "-q", image.toString()).succeeded();
    mount(world, folder, "-o", "loop", image.toString());
    try {
      measure(system, folder);
    } finally {
      unmount(world, folder);
      Files.delete(image);
    }
  }

  private void measure(FileSystem system, Path folder) throws IOException, InterruptedException {
    Map<NbdPeer.Kind, Path> files = new EnumMap<>(NbdPeer.Kind.class);
    for (NbdPeer.Kind kind : NbdPeer.Kind.values()) {
      files.put(kind, folder.resolve(kind.name()));
    }
    String where = "NBD, a file on " + system + ", UNIX socket, ";
    for (Path file : files.values()) {
      Files.copy(noise, file);
    }
    try (var peers = NbdPeer.start(world, alice, files)) {
      for (String pattern : List.of("randread", "randwrite")) {
        var warmUp = new NbdBench.Case("warm up", pattern, "4k", 32);
        for (Path socket : peers.sockets().values()) {
          double _ = NbdBench.fio(socket, warmUp);
        }
      }
      Ratios requests = new Ratios(out, where + "fio", "IOPS");
      for (NbdBench.Case one : NbdBench.CASES) {
        compare(requests, one.name(), peers, socket -> NbdBench.fio(socket, one));
      }
      Ratios copies = new Ratios(out, where + "nbdcopy", "MB/s");
      compare(copies, "out of it", peers, socket -> copy(uri(socket), "null:"));
      compare(copies, "into it", peers, socket -> copy(noise.toString(), uri(socket)));
    }
    for (Path file : files.values()) {
      fragment(file);
    }
    try (var peers = NbdPeer.start(world, alice, files)) {
      for (Path socket : peers.sockets().values()) {
        double _ = copy(uri(socket), "null:");
      }
      Ratios copies = new Ratios(out, where + "a hole after each 64 KiB, nbdcopy", "MB/s");
      compare(copies, "out of it", peers, socket -> copy(uri(socket), "null:"));
    }
    for (Path file : files.values()) {
      Files.delete(file);
    }
  }

  private static void compare(
      Ratios ratios, String name, NbdPeer.Started peers, Measurement measurement)
      throws IOException, InterruptedException {
    Map<NbdPeer.Kind, List<Double>> all = new EnumMap<>(NbdPeer.Kind.class);
    for (int run = 0; run < RUNS; run++) {
      for (var peer : peers.sockets().entrySet()) {
        all.computeIfAbsent(peer.getKey(), _ -> new ArrayList<>())
            .add(measurement.at(peer.getValue()));
      }
    }
    List<Double> ours = all.getOrDefault(NbdPeer.Kind.GODWIT, List.of());
    for (NbdPeer.Kind kind : List.of(NbdPeer.Kind.NBDKIT, NbdPeer.Kind.QEMU_NBD)) {
      ratios.line(name, ours, kind.toString(), all.getOrDefault(kind, List.of()));
    }
  }

  private static String uri(Path socket) {
    return "nbd+unix:///?socket=" + socket;
  }

  /** MB/s of the resource's size. */
  private double copy(String from, String to) throws IOException, InterruptedException {
    long start = System.nanoTime();
    var _ = world.programs().run("nbdcopy", from, to).succeeded();
    return SIZE / 1e6 / ((System.nanoTime() - start) / 1e9);
  }

  /** Makes half of a file holes. */
  private static void fragment(Path file) throws IOException {
    Files.delete(file);
    byte[] piece = new byte[FRAGMENT];
    Random random = new Random(3);
    try (FileBackend backend = FileBackend.create(file, SIZE, NativeSparseFile.opener())) {
      for (long offset = 0; offset < SIZE; offset += 2 * FRAGMENT) {
        random.nextBytes(piece);
        backend.write(ByteBuffer.wrap(piece), offset);
      }
    }
  }
}
