package dev.godwit.nbd.kernel;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.libc.Deadline;
import dev.godwit.libc.DeviceInUseException;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import dev.godwit.nbd.kernel.KernelNbdSettings.Way;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What the attaching test does inside of its guest. Arguments: the ports of the test's server and
 * of what steers it.
 */
final class AttachInGuest {
  private static final long SECONDS = Patience.seconds(30).toSeconds();
  private static final Duration LIMIT = Patience.seconds(10);
  private static final Duration POLL = Duration.ofMillis(5);
  private static final KernelNbdSettings SETTINGS =
      KernelNbdSettings.DEFAULT
          .withWaits(Patience.seconds(20), Patience.seconds(15))
          .withConnections(2);
  private static final int PIECE = HostServer.PIECE;

  private final Path folder = Path.of("/tmp");
  private final int port;
  private final Wishes host;

  private AttachInGuest(int port, Wishes host) {
    this.port = port;
    this.host = host;
  }

  public static void main(String[] args) throws Exception {
    try (Wishes host = new Wishes(Integer.parseInt(args[1]))) {
      new AttachInGuest(Integer.parseInt(args[0]), host).all();
    } catch (Exception | AssertionError e) {
      e.printStackTrace(System.out);
      System.exit(1);
    }
    System.exit(0);
  }

  private interface Step {
    void run() throws Exception;
  }

  private void all() throws Exception {
    step("netlink", () -> writesAndReads(Way.NETLINK, 1));
    step("ioctl", () -> writesAndReads(Way.IOCTL, 2));
    step("mounted", this::whatIsMountedStaysUntilItIsNot);
    step("busy", this::aDeviceInUseIsNotTaken);
    step("cut", this::aCutConnectionIsReplaced);
    step("restart", this::accessesWaitForTheServer);
    step("too late", this::afterTheWaitAccessesFailAndLaterTheyWorkAgain);
    step("cut ioctl", this::withoutNetlinkALossIsTheEnd);
    step("taken away", this::whoTakesTheDeviceAwayIsNoticed);
    step("stuck netlink", () -> aStuckServerKeepsNobodyFromDetaching(Way.NETLINK));
    step("stuck ioctl", () -> aStuckServerKeepsNobodyFromDetaching(Way.IOCTL));
    step("stuck at the end", this::theUsualEndCopesWithAStuckServer);
    step("stuck and mounted", this::aStuckServerBelowAMountedDisk);
    step("deaf netlink", () -> aServerThatReadsNothing(Way.NETLINK));
    step("deaf ioctl", () -> aServerThatReadsNothing(Way.IOCTL));
    step("own server", this::aServerInTheSameProcess);
  }

  private void step(String name, Step step) throws Exception {
    long start = System.nanoTime();
    step.run();
    check(connectedDevices() == 0, "devices are left");
    System.out.println(">> " + name + " ok, " + millisSince(start) + " ms");
  }

  private static long connectedDevices() throws IOException {
    SysBlock sys = SysBlock.system();
    return sys.numbers().stream().filter(sys::isConnected).count();
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private NbdAddress server(String export) {
    return new NbdAddress.Tcp(Guest.HOST, port, export);
  }

  private KernelNbd attach(String export, KernelNbdSettings settings) throws IOException {
    return KernelNbd.attach(server(export), settings);
  }

  private static boolean write(Path device, byte[] bytes, long offset) throws IOException {
    try (FileChannel channel = FileChannel.open(device, StandardOpenOption.WRITE)) {
      return write(channel, bytes, offset);
    }
  }

  private static boolean write(FileChannel channel, byte[] bytes, long offset) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      int _ = channel.write(in, offset + in.position());
    }
    channel.force(true);
    return true;
  }

  private static byte[] read(Path device, long offset) throws IOException {
    try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
      ByteBuffer out = ByteBuffer.allocate(PIECE);
      while (out.hasRemaining() && channel.read(out, offset + out.position()) > 0) {
        check(out.position() <= PIECE, "too much");
      }
      return out.array();
    }
  }

  /** The page cache knows what was written; the server has to be asked. */
  private void dropCaches() throws IOException {
    Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3\n");
  }

  private static <T> FutureTask<T> beside(Callable<T> action) {
    var task = new FutureTask<T>(action);
    var _ = Thread.ofPlatform().daemon().start(task);
    return task;
  }

  private static <T> T result(FutureTask<T> task) throws Exception {
    return task.get(SECONDS, TimeUnit.SECONDS);
  }

  private static String failureOf(FutureTask<?> task) throws Exception {
    try {
      Object unexpected = result(task);
      throw new AssertionError("no failure, but " + unexpected);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        return String.valueOf(failure.getMessage());
      }
      throw e;
    }
  }

  private void writesAndReads(Way way, int place) throws Exception {
    byte[] bytes = HostServer.piece(place);
    long offset = (long) place * PIECE;
    try (KernelNbd device = attach("good", SETTINGS.withWay(way))) {
      check(device.size() == HostServer.SIZE, "size " + device.size());
      check(device.path().equals(Path.of("/dev/nbd0")), "the first free is " + device.path());
      check(write(device.path(), bytes, offset), "not written");
      host.make("hold " + place + " " + offset);
      dropCaches();
      check(Arrays.equals(bytes, read(device.path(), offset)), "read something else");
      check(!device.gone().isDone(), "gone");
      device.detach(LIMIT, Detach.ORDERLY);
      device.detach(LIMIT, Detach.ORDERLY);
    }
  }

  private void run(String... command) throws Exception {
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    check(process.waitFor(SECONDS, TimeUnit.SECONDS), String.join(" ", command) + " does not end");
    check(
        process.exitValue() == 0, String.join(" ", command) + " failed: " + Files.readString(said));
  }

  private void whatIsMountedStaysUntilItIsNot() throws Exception {
    Path mounted = Files.createDirectories(folder.resolve("mounted"));
    try (KernelNbd device = attach("good", SETTINGS)) {
      run("mkfs.ext4", "-q", device.path().toString());
      run("mount", "-t", "ext4", device.path().toString(), mounted.toString());
      Files.writeString(mounted.resolve("hello"), "written in the guest by Java");
      long start = System.nanoTime();
      try {
        device.detach(Duration.ofMillis(300), Detach.ORDERLY);
        throw new AssertionError("detached what is mounted");
      } catch (DeviceInUseException e) {
        check(String.valueOf(e.getMessage()).contains("unmount"), e.toString());
      }
      tookLessThan(3, start);
      check(Files.readString(mounted.resolve("hello")).startsWith("written"), "not usable");
      FutureTask<Boolean> detaching =
          beside(
              () -> {
                device.detach(LIMIT, Detach.ORDERLY);
                return true;
              });
      run("umount", mounted.toString());
      check(result(detaching), "not detached");
    }
    try (KernelNbd device = attach("good", SETTINGS)) {
      run("e2fsck", "-fn", device.path().toString());
    }
  }

  private void aDeviceInUseIsNotTaken() throws Exception {
    try (KernelNbd device = attach("good", SETTINGS.withConnections(1))) {
      for (Way way : List.of(Way.NETLINK, Way.IOCTL)) {
        try (KernelNbd other =
            KernelNbd.attach(server("good"), device.path(), SETTINGS.withWay(way))) {
          throw new AssertionError("attached twice: " + other.path());
        } catch (IOException e) {
          check(String.valueOf(e.getMessage()).contains("is in use; choose another"), e.toString());
        }
        try (KernelNbd second = attach("stuck", SETTINGS.withWay(way))) {
          check(second.path().equals(Path.of("/dev/nbd1")), "second is " + second.path());
        }
      }
      try (KernelNbd chosen = KernelNbd.attach(server("stuck"), Path.of("/dev/nbd3"), SETTINGS)) {
        check(chosen.path().equals(Path.of("/dev/nbd3")), "not " + chosen.path());
      }
      check(!device.gone().isDone(), "gone");
    }
    try (KernelNbd other = attach("none", SETTINGS)) {
      throw new AssertionError("attached nothing: " + other.path());
    } catch (IOException e) {
      check(String.valueOf(e.getMessage()).contains("there is no such export"), e.toString());
    }
  }

  /** What was under way the kernel asks for again when the time for an answer is over. */
  private void aCutConnectionIsReplaced() throws Exception {
    var settings = SETTINGS.withWaits(Duration.ofSeconds(1), Duration.ofSeconds(15));
    for (String wish : List.of("cut one", "cut")) {
      for (int connections : new int[] {1, 3}) {
        byte[] bytes = HostServer.piece(connections);
        try (KernelNbd device = attach("good", settings.withConnections(connections))) {
          write(device.path(), bytes, 0);
          for (int round = 0; round < 3; round++) {
            host.make(wish);
            dropCaches();
            check(Arrays.equals(bytes, read(device.path(), 0)), "read something else");
            int seed = 10 * connections + round;
            bytes = HostServer.piece(seed);
            check(write(device.path(), bytes, 0), "not written");
            host.make("hold " + seed + " 0");
          }
          check(!device.gone().isDone(), "gone");
        }
      }
    }
  }

  private void accessesWaitForTheServer() throws Exception {
    byte[] bytes = HostServer.piece(77);
    try (KernelNbd device = attach("good", SETTINGS)) {
      write(device.path(), bytes, PIECE);
      host.make("stop");
      FutureTask<Boolean> writing = beside(() -> write(device.path(), bytes, 2L * PIECE));
      try {
        boolean early = writing.get(500, TimeUnit.MILLISECONDS);
        throw new AssertionError("written without a server: " + early);
      } catch (TimeoutException e) {
        check(!writing.isDone(), e.toString());
      }
      host.make("start");
      check(result(writing), "not written");
      dropCaches();
      check(Arrays.equals(bytes, read(device.path(), 2L * PIECE)), "read something else");
    }
  }

  private void afterTheWaitAccessesFailAndLaterTheyWorkAgain() throws Exception {
    var settings = SETTINGS.withWaits(Duration.ofSeconds(20), Duration.ofSeconds(1));
    byte[] bytes = HostServer.piece(78);
    try (KernelNbd device = attach("good", settings);
        FileChannel disk = FileChannel.open(device.path(), StandardOpenOption.WRITE)) {
      host.make("stop");
      FutureTask<Boolean> writing = beside(() -> write(disk, bytes, 0));
      check(failureOf(writing).contains("Input/output error"), "another failure");
      check(!device.gone().isDone(), "gone");
      host.make("start");
      check(Deadline.in(LIMIT).await(POLL, () -> isWritten(disk, bytes)), "not back");
      dropCaches();
      check(Arrays.equals(bytes, read(device.path(), 0)), "read something else");
      disk.close();
    }
  }

  private static boolean isWritten(FileChannel disk, byte[] bytes) {
    try {
      return write(disk, bytes, 0);
    } catch (IOException e) {
      return false;
    }
  }

  private void withoutNetlinkALossIsTheEnd() throws Exception {
    try (KernelNbd device = attach("good", SETTINGS.withWay(Way.IOCTL))) {
      host.make("cut");
      check(device.gone().get(SECONDS, TimeUnit.SECONDS), "not gone");
    }
  }

  private void whoTakesTheDeviceAwayIsNoticed() throws Exception {
    for (Way way : List.of(Way.NETLINK, Way.IOCTL)) {
      try (KernelNbd device = attach("good", SETTINGS.withWay(way))) {
        run("nbd-client", "-d", device.path().toString());
        check(device.gone().get(SECONDS, TimeUnit.SECONDS), "not gone");
      }
    }
  }

  private void aStuckServerKeepsNobodyFromDetaching(Way way) throws Exception {
    KernelNbd device = attach("stuck", SETTINGS.withWay(way));
    host.make("stick");
    FutureTask<byte[]> reading = beside(() -> read(device.path(), 0));
    FutureTask<Boolean> writing = beside(() -> write(device.path(), new byte[HostServer.SIZE], 0));
    try {
      byte[] early = reading.get(300, TimeUnit.MILLISECONDS);
      throw new AssertionError("read without an answer: " + early.length);
    } catch (TimeoutException e) {
      check(!reading.isDone(), e.toString());
    }
    long start = System.nanoTime();
    device.detach(LIMIT, Detach.FORCED);
    tookLessThan(5, start);
    String failure = failureOf(writing);
    // The last is what a disk that has become empty says.
    check(
        List.of("Input/output error", "No space left on device").contains(failure),
        "another failure: " + failure);
    check(hasFailed(reading), "the read has not failed");
    host.make("free");
  }

  /** Reading a disk that has become empty is no error, but there is nothing. */
  private static boolean hasFailed(FutureTask<byte[]> reading) throws Exception {
    try {
      return Arrays.equals(new byte[PIECE], result(reading));
    } catch (ExecutionException e) {
      return e.getCause() instanceof IOException;
    }
  }

  private void theUsualEndCopesWithAStuckServer() throws Exception {
    KernelNbd device = attach("stuck", SETTINGS);
    host.make("stick");
    FutureTask<byte[]> reading = beside(() -> read(device.path(), 0));
    long start = System.nanoTime();
    device.close();
    tookLessThan(9, start);
    host.make("free");
    check(hasFailed(reading), "the read has not failed");
  }

  private static void tookLessThan(int seconds, long start) {
    long millis = millisSince(start);
    check(millis < Patience.seconds(seconds).toMillis(), "took " + millis + " ms");
  }

  private static long millisSince(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }

  private void aStuckServerBelowAMountedDisk() throws Exception {
    Path mounted = folder.resolve("mounted");
    KernelNbd device = attach("stuck", SETTINGS);
    run("mkfs.ext4", "-q", device.path().toString());
    run("mount", "-t", "ext4", device.path().toString(), mounted.toString());
    host.make("stick");
    long start = System.nanoTime();
    try {
      device.detach(Duration.ofSeconds(3), Detach.FORCED);
      throw new AssertionError("a mounted disk is gone");
    } catch (DeviceInUseException e) {
      check(String.valueOf(e.getMessage()).contains("its accesses fail"), e.toString());
    }
    tookLessThan(5, start);
    run("umount", mounted.toString());
    device.detach(LIMIT, Detach.FORCED);
    host.make("free");
  }

  /** Then even the kernel's farewell does not get through. */
  private void aServerThatReadsNothing(Way way) throws Exception {
    KernelNbd device = attach("good", SETTINGS.withWay(way).withConnections(1));
    long start;
    // Opening reads, so it has to be done before.
    try (FileChannel disk = FileChannel.open(device.path(), StandardOpenOption.WRITE)) {
      host.make("be deaf");
      FutureTask<Boolean> writing = beside(() -> write(disk, new byte[HostServer.SIZE], 0));
      try {
        boolean early = writing.get(2, TimeUnit.SECONDS);
        throw new AssertionError("written to a deaf server: " + early);
      } catch (TimeoutException e) {
        check(!writing.isDone(), e.toString());
      }
      start = System.nanoTime();
      FutureTask<Boolean> detaching =
          beside(
              () -> {
                device.detach(LIMIT, Detach.FORCED);
                return true;
              });
      check(!failureOf(writing).isEmpty(), "no failure");
      tookLessThan(5, start);
      disk.close();
      check(result(detaching), "not detached");
    }
    tookLessThan(5, start);
    host.make("hear");
  }

  /** As the command does it: the process that serves has the device attached, too. */
  private void aServerInTheSameProcess() throws Exception {
    Backend backend = new MemoryBackend(32 << 20);
    var server = new NbdServer(ExportTable.of(Export.of("", backend)));
    var address = new NbdAddress.Unix(Path.of("/dev/own.sock"), "");
    Path mounted = folder.resolve("mounted");
    for (Way way : List.of(Way.NETLINK, Way.IOCTL)) {
      try (NbdListener listener = NbdListener.open(address, server);
          KernelNbd device = KernelNbd.attach(address, SETTINGS.withWay(way))) {
        check(listener.connections() == 2, "connections");
        run("mkfs.ext4", "-q", "-F", device.path().toString());
        run("mount", "-t", "ext4", device.path().toString(), mounted.toString());
        run("dd", "if=/dev/urandom", "of=" + mounted.resolve("file"), "bs=1M", "count=8");
        run("umount", mounted.toString());
        run("e2fsck", "-fn", device.path().toString());
      }
    }
  }
}
