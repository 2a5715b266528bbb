package dev.godwit.run;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.ShapedLink;
import dev.godwit.testnetwork.Outcome;
import dev.godwit.testnetwork.Programs;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One mount with a file system on it, programs at work in that, and a fault at a random moment. For
 * one thread.
 */
final class MountRun implements AutoCloseable {
  private static final String SIZE = "192M";
  private static final Duration HALF_A_MINUTE = Duration.ofSeconds(30);

  /** How long programs may take that an outage holds up. */
  private static final long WORK_SECONDS = 150;

  /** How long an end may take beyond the mount's time-out. */
  private static final Duration END = Duration.ofSeconds(20);

  /** After which a lease of half a minute has ended for certain. */
  private static final Duration LEASE_OVER = Duration.ofMinutes(1);

  private static final Duration BRIEF = Duration.ofSeconds(8);

  private final MountLane lane;
  private final MountFault fault;
  private final MountWay way;
  private final Random random;
  private final long seed;
  private final String resource;
  private final Path directory;
  private final Path state;
  private final Path cacheDirectory;
  private final Path cache;
  private final Path at;
  private final Programs programs;
  private final List<String> remarks = new ArrayList<>();
  private @Nullable ChildProcess owner;
  private @Nullable ChildProcess mount;
  private @Nullable MountedFile file;
  private @Nullable Disk disk;
  private @Nullable Workload work;

  MountRun(MountLane lane, MountFault fault, MountWay way, long seed) throws IOException {
    this.lane = lane;
    this.fault = fault;
    this.way = way;
    this.seed = seed;
    this.random = new Random(seed * 31 + (fault.word() + way.word()).hashCode());
    this.resource = fault.word() + "-" + way.word() + "-" + seed;
    this.directory = Files.createDirectories(lane.world().path(resource));
    this.state = directory.resolve("state");
    this.cacheDirectory = Files.createDirectories(directory.resolve("cache"));
    this.cache = cacheDirectory.resolve("file");
    this.at = directory.resolve("mounted");
    this.programs = lane.world().programs();
  }

  /**
   * What came out.
   *
   * @param moment after how much work the fault came
   * @param durable rows of the ledger that were durable
   * @param whole how long everything took
   * @param remarks what is worth saying
   * @param complaints what must not be
   */
  record Result(
      Duration moment,
      int durable,
      Duration whole,
      List<String> remarks,
      List<String> complaints) {}

  private Duration timeout() {
    return switch (fault) {
      // A node that is killed takes as long to come back as a busy machine needs to start it.
      case OWNER_AWAY_30S, OWNER_KILLED -> HALF_A_MINUTE.multipliedBy(2);
      default -> BRIEF;
    };
  }

  private String name() {
    return "alice/" + resource;
  }

  private String[] mountArguments(Path withCache) {
    return new String[] {
      "mount",
      name(),
      way.device(at),
      "--cache",
      withCache.toString(),
      "--timeout",
      timeout().toSeconds() + "s",
      "--listen",
      ":0"
    };
  }

  private ChildProcess startOwner() throws IOException, InterruptedException {
    owner = lane.alice().seed(resource, state);
    return owner;
  }

  private Disk startMount() throws IOException, InterruptedException {
    mount = lane.bob().start(mountArguments(cache));
    mount.await("ready", World.PATIENCE);
    file = way.open(programs, at);
    disk = Disk.attach(programs, file.path(), directory.resolve("disk"), Disk.Use.WRITE);
    return disk;
  }

  /** Whoever throws a cache away is a new writer, and waits for the end of the old one's lease. */
  private Disk startMountWhenFree() throws IOException, InterruptedException {
    long begun = System.nanoTime();
    while (true) {
      try {
        return startMount();
      } catch (IOException e) {
        if (!String.valueOf(e.getMessage()).contains("its lease ends in")
            || System.nanoTime() - begun > LEASE_OVER.toNanos()) {
          throw e;
        }
      }
    }
  }

  Result run() throws IOException, InterruptedException {
    long begun = System.nanoTime();
    var _ = programs.run("mkfs.ext4", "-q", "-F", state.toString(), SIZE).succeeded();
    Path older = directory.resolve("older");
    Files.copy(state, older);
    ChildProcess owning = startOwner();
    if (fault == MountFault.CACHE_FULL) {
      var _ =
          programs
              .run("mount", "-t", "tmpfs", "-o", "size=120m", "none", cacheDirectory.toString())
              .succeeded();
    }
    Disk working = startMount();
    Workload workload = Workload.start(programs, working.files(), lane.repository(), seed);
    work = workload;
    Duration moment = Duration.ofMillis(500 + random.nextInt(9_500));
    Thread.sleep(moment);
    List<String> complaints = new ArrayList<>(inject(owning));
    List<String> failures = workload.await(WORK_SECONDS);
    failures.forEach(
        failure -> remarks.add(failure.substring(0, failure.indexOf(':')) + " failed"));
    if (fault.ending() == MountFault.Ending.GOES_ON) {
      complaints.addAll(failures);
      end(complaints);
      complaints.addAll(judge(workload, Workload.Demand.ALL));
    } else {
      breakDown(complaints);
      mend();
      if (fault.ending() == MountFault.Ending.REFUSED) {
        refused(complaints, older);
      } else {
        var _ = startMountWhenFree();
        end(complaints);
        complaints.addAll(judge(workload, Workload.Demand.DURABLE));
      }
    }
    return new Result(
        moment,
        workload.acknowledged(),
        Duration.ofNanos(System.nanoTime() - begun),
        remarks,
        complaints);
  }

  /** Makes it happen. */
  private List<String> inject(ChildProcess owning) throws IOException, InterruptedException {
    ChildProcess mounting = running(mount);
    switch (fault) {
      case NONE -> {}
      case OWNER_AWAY_1S -> away(owning, Duration.ofSeconds(1));
      case OWNER_AWAY_30S -> away(owning, HALF_A_MINUTE);
      case OWNER_GONE, DEAD_UMOUNT -> lane.link().cut();
      case OWNER_KILLED -> {
        owning.close();
        Thread.sleep(random.nextInt(3_000));
        var _ = startOwner();
      }
      case MOUNT_KILLED -> mounting.close();
      case BOTH_KILLED -> {
        List<ChildProcess> both =
            random.nextBoolean() ? List.of(mounting, owning) : List.of(owning, mounting);
        both.forEach(ChildProcess::close);
      }
      case OWNER_OLDER -> {
        owning.close();
        forget();
        Files.copy(directory.resolve("older"), state, StandardCopyOption.REPLACE_EXISTING);
        var _ = startOwner();
      }
      case SECOND_WRITER -> {
        Outcome second =
            lane.carol()
                .run("mount", name(), directory.resolve("second").toString(), "--listen", ":0");
        return expect(second, 1, "is being written by a mount on bob");
      }
      case BUSY_UMOUNT -> {
        return expect(umount("1s"), 1, "is the disk of /dev/loop");
      }
      case CACHE_FULL -> {
        Outcome filled =
            programs.run(
                "dd", "if=/dev/zero", "of=" + cache.resolveSibling("filler"), "bs=1M", "count=120");
        remarks.add("full: " + (filled.status() != 0));
      }
      case CACHE_OTHER -> {
        mounting.close();
        return other();
      }
      case CACHE_DAMAGED, CACHE_SIZE -> mounting.close();
    }
    return List.of();
  }

  private void away(ChildProcess owning, Duration time) throws IOException, InterruptedException {
    if (random.nextBoolean()) {
      remarks.add("link cut");
      lane.link().cut();
      Thread.sleep(time);
      lane.link().mend();
    } else {
      remarks.add("process stopped");
      lane.world().signal("STOP", owning.pid());
      Thread.sleep(time);
      lane.world().signal("CONT", owning.pid());
    }
  }

  /** What the owner knew about leases is gone with its disk. */
  private void forget() throws IOException {
    for (Path beside : beside(state)) {
      try (Stream<Path> files = Files.walk(beside)) {
        for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private static List<Path> beside(Path file) throws IOException {
    try (Stream<Path> files = Files.list(file.resolveSibling("."))) {
      String start = file.getFileName() + ".";
      return files.filter(each -> each.getFileName().toString().startsWith(start)).toList();
    }
  }

  private List<String> other() throws IOException, InterruptedException {
    Path otherState = directory.resolve("other");
    Files.copy(directory.resolve("older"), otherState);
    Path otherCache = directory.resolve("other-cache");
    List<String> complaints = new ArrayList<>();
    try (ChildProcess seed = lane.alice().seed(resource + "-other", otherState);
        ChildProcess first =
            lane.bob()
                .start(
                    "mount",
                    name() + "-other",
                    directory.resolve("other-mounted").toString(),
                    "--cache",
                    otherCache.toString(),
                    "--no-pull",
                    "--listen",
                    ":0")) {
      first.await("ready", World.PATIENCE);
      int status = first.stop();
      if (status != 0) {
        complaints.add("the other mount ended with " + status + first.complaints());
      }
      if (seed.stop() != 0) {
        complaints.add("the other owner did not end well" + seed.complaints());
      }
    }
    complaints.addAll(expect(lane.bob().run(mountArguments(otherCache)), 1, "is the cache of '"));
    return complaints;
  }

  private List<String> expect(Outcome outcome, int status, String words) {
    remarks.add("refused");
    return outcome.status() == status && outcome.err().contains(words)
        ? List.of()
        : List.of("expected '" + words + "': " + outcome);
  }

  private static ChildProcess running(@Nullable ChildProcess process) {
    if (process == null) {
      throw new IllegalStateException("it was not started");
    }
    return process;
  }

  /** Ends the file system and the mount. */
  private void end(List<String> complaints) throws IOException, InterruptedException {
    if (disk != null) {
      disk.detach();
      disk = null;
    }
    if (file != null) {
      file.close();
      file = null;
    }
    ChildProcess mounting = running(mount);
    int ended = mounting.stop(timeout().plus(END));
    if (ended != 0) {
      complaints.add("the mount ended with " + ended + mounting.complaints());
    }
  }

  /** Takes away what the fault has left of the file system and the mount. */
  private void breakDown(List<String> complaints) throws IOException, InterruptedException {
    if (disk != null) {
      disk.close();
      disk = null;
    }
    if (file != null) {
      file.close();
      file = null;
    }
    ChildProcess mounting = running(mount);
    if (fault == MountFault.DEAD_UMOUNT) {
      complaints.addAll(umountWithoutNetwork());
    }
    if (mounting.isAlive()) {
      int ended = mounting.stop(timeout().plus(END));
      remarks.add("exit " + ended);
      int expected = fault == MountFault.CACHE_FULL ? ended : 5;
      if (ended != 0 && ended != expected) {
        complaints.add("the mount ended with " + ended + mounting.complaints());
      }
    }
    way.clear(programs, at);
  }

  /** It has to end, and to say so if something is not saved. */
  private List<String> umountWithoutNetwork() throws IOException, InterruptedException {
    long begun = System.nanoTime();
    Outcome umount = umount(timeout().toSeconds() + "s");
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    remarks.add("umount " + umount.status() + " after " + took.toSeconds() + " s");
    List<String> complaints = new ArrayList<>();
    if (took.compareTo(timeout().plus(END)) > 0) {
      complaints.add("umount took " + took.toSeconds() + " s: " + umount);
    }
    if (umount.status() != 0 && umount.status() != 5) {
      complaints.add(umount.toString());
    }
    return complaints;
  }

  private Outcome umount(String limit) throws IOException, InterruptedException {
    return lane.bob().run("umount", at.toString(), "--timeout", limit);
  }

  /** Puts in order what the fault has put out of order. */
  private void mend() throws IOException, InterruptedException {
    switch (fault) {
      case OWNER_GONE, DEAD_UMOUNT -> lane.link().mend();
      case BOTH_KILLED -> {
        var _ = startOwner();
      }
      case CACHE_FULL -> Files.deleteIfExists(cache.resolveSibling("filler"));
      case CACHE_DAMAGED -> damage();
      case CACHE_SIZE -> shorten();
      default -> {}
    }
  }

  private void damage() throws IOException, InterruptedException {
    Path journal = cache.resolveSibling(cache.getFileName() + ".godwit").resolve("cache");
    int used = used(Files.readAllBytes(journal));
    try (var bytes = new RandomAccessFile(journal.toFile(), "rw")) {
      long offset = random.nextInt(used);
      bytes.seek(offset);
      int old = bytes.read();
      bytes.seek(offset);
      bytes.write(old ^ (1 << random.nextInt(8)));
    }
    ChildProcess trying = lane.bob().start(mountArguments(cache));
    Optional<String> refusal = refusal(trying);
    remarks.add(refusal.isPresent() ? "refused" : "taken");
    if (refusal.isPresent()) {
      if (!refusal.get().contains("is damaged at byte")) {
        throw new IOException(refusal.get());
      }
      Files.delete(journal);
      Files.delete(cache);
    } else {
      int _ = trying.stop(timeout().plus(END));
    }
  }

  /** Without the room for what comes, which is zero. */
  private static int used(byte[] bytes) {
    int used = bytes.length;
    while (used > 1 && bytes[used - 1] == 0) {
      used--;
    }
    return used;
  }

  private static Optional<String> refusal(ChildProcess trying) throws InterruptedException {
    try {
      trying.await("ready", World.PATIENCE);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void shorten() throws IOException, InterruptedException {
    Path kept = directory.resolve("kept");
    Files.copy(cache, kept);
    try (var bytes = new RandomAccessFile(cache.toFile(), "rw")) {
      bytes.setLength((long) (random.nextDouble() * bytes.length()));
    }
    Outcome refused = lane.bob().run(mountArguments(cache));
    List<String> complaints = expect(refused, 1, "is a cache of");
    if (!complaints.isEmpty()) {
      throw new IOException(complaints.getFirst());
    }
    Files.move(kept, cache, StandardCopyOption.REPLACE_EXISTING);
  }

  /** The cache is of a state that the owner does not have any more. */
  private void refused(List<String> complaints, Path older)
      throws IOException, InterruptedException {
    complaints.addAll(expect(lane.bob().run(mountArguments(cache)), 1, "does not match"));
    if (Files.mismatch(older, state) >= 0) {
      complaints.add("the owner's older data was changed");
    }
    Path fresh = directory.resolve("fresh");
    mount = lane.bob().start(mountArguments(fresh));
    mount.await("ready", World.PATIENCE);
    file = way.open(programs, at);
    var _ = programs.run("e2fsck", "-fn", file.path().toString()).succeeded();
    end(complaints);
  }

  /** Looks at what the owner has. */
  private List<String> judge(Workload workload, Workload.Demand demand)
      throws IOException, InterruptedException {
    ChildProcess owning = running(owner);
    int ended = owning.stop(END);
    List<String> complaints = new ArrayList<>();
    if (ended != 0) {
      complaints.add("the owner ended with " + ended + owning.complaints());
    }
    Outcome checked = programs.run("e2fsck", "-fn", state.toString());
    if (checked.status() != 0) {
      complaints.add(checked.toString());
    }
    try (Disk there = Disk.attach(programs, state, directory.resolve("owned"), Disk.Use.READ)) {
      complaints.addAll(workload.check(there.files(), directory.resolve("aside"), demand));
      there.detach();
    } catch (IOException e) {
      complaints.add(String.valueOf(e.getMessage()));
    }
    return complaints;
  }

  /** Ends whatever is left. */
  @Override
  public void close() throws IOException {
    if (lane.link() instanceof ShapedLink link) {
      link.mend();
    }
    if (work != null) {
      work.close();
    }
    if (disk != null) {
      disk.close();
    }
    if (file != null) {
      file.close();
    }
    for (ChildProcess process : Stream.of(mount, owner).filter(each -> each != null).toList()) {
      process.close();
    }
    try {
      way.clear(programs, at);
      if (fault == MountFault.CACHE_FULL) {
        var _ = programs.run("umount", "--lazy", cacheDirectory.toString());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Where its files are. */
  Path directory() {
    return directory;
  }
}
