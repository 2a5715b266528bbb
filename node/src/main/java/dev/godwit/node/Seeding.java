package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FileBackend;
import dev.godwit.chunk.ChangeTimes;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.DatedBackend;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.log.ResourceBusyException;
import dev.godwit.migration.Journal;
import dev.godwit.migration.Ownership;
import dev.godwit.migration.Seeder;
import dev.godwit.migration.SeederState;
import dev.godwit.mount.LeaseBook;
import dev.godwit.mount.MountHost;
import dev.godwit.pullorder.HotBlocks;
import dev.godwit.pullorder.ObservedBackend;
import dev.godwit.session.RemoteException;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A resource that this node offers. Closing takes it back from the mesh and closes its devices. */
public final class Seeding implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Seeding.class);

  private final Node node;
  private final StateFolder folder;
  private final Seeder seeder;
  private final Backend device;
  private final Backend store;
  private final Journal journal;
  private final MountHost mounts;
  private final LeaseBook leases;
  private final OpenDevices devices;
  private final StateWatch watch;
  private final RememberedStop stop;

  /** How long a hand-over that has begun is waited for at the end. */
  private static final Duration SETTLE = Duration.ofSeconds(15);

  /**
   * Who waits for the release ends its process then; the answer to the leecher must be out by that
   * time, or the leecher goes on asking somebody who is gone.
   */
  private static final Duration LINGER = Duration.ofSeconds(1);

  /** How long a mount may be silent before another one may write. */
  private static final Duration LEASE = Duration.ofSeconds(30);

  /** After which a read counts half for what is hot. */
  private static final Duration HALF_LIFE = Duration.ofHours(1);

  private final CompletableFuture<Long> released = new CompletableFuture<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile String movingTo = "another node";

  private Seeding(
      Node node,
      StateFolder folder,
      Seeder seeder,
      Backend device,
      Backend store,
      Journal journal,
      MountHost mounts,
      LeaseBook leases,
      OpenDevices devices,
      StateWatch watch,
      RememberedStop stop) {
    this.stop = stop;
    this.watch = watch;
    this.node = node;
    this.folder = folder;
    this.devices = devices;
    this.mounts = mounts;
    this.leases = leases;
    this.seeder = seeder;
    this.device = device;
    this.store = store;
    this.journal = journal;
    seeder.onChange(
        state -> {
          switch (state) {
            case SeederState.Released gone -> {
              mounts.moved(movingTo);
              later(
                  LINGER.plus(mounts.untilAllHaveAsked()),
                  () -> released.complete(gone.generation()));
            }
            case SeederState.Undecided undecided ->
                later(LINGER, () -> released.completeExceptionally(doubt(undecided)));
            // Fenced, whoever may be killed from here on.
            case SeederState.HandedOver given -> {
              movingTo = node.nameOf(given.leecher());
              handedOver();
            }
            case SeederState.Idle _ -> use(watch, seeder.resource());
            default -> {}
          }
        });
  }

  /** Once the leecher has its answer, and mounts have theirs. */
  private static void later(Duration time, Runnable what) {
    var _ =
        CompletableFuture.runAsync(
            what, CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS));
  }

  private NodeException doubt(SeederState.Undecided undecided) {
    return new NodeException(
        NodeException.Kind.FAILED,
        "Whether "
            + seeder.resource()
            + " was handed over to "
            + node.nameOf(undecided.leecher())
            + " is not known: "
            + undecided.reason()
            + ". The program that uses it stays stopped. Run the same command again: it reads what"
            + " is on the disk, and goes on from there.");
  }

  /**
   * Looks for mistakes that can be seen on this machine alone, before anybody else is asked.
   *
   * @param home of the node that would offer it
   * @throws NodeException when the options make no sense here
   */
  public static void check(SeedOptions options, NodeHome home) throws IOException {
    String _ = ResourceName.checked(options.resource());
    Path file = LocalFiles.real(options.from());
    if (!Files.exists(file)) {
      throw new NodeException(NodeException.Kind.FAILED, "There is no file " + file + " to seed.");
    }
    if (Files.isDirectory(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED, file + " is a folder; seed a file or a block device.");
    }
    if (!LocalFiles.holdsState(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file + " is neither a file nor a block device; seed one of these.");
    }
    if (!Files.isRegularFile(file) && options.size() > LocalFiles.size(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is a disk of "
              + LocalFiles.size(file)
              + " bytes, which --size does not make larger. Make the disk larger, or leave --size"
              + " out.");
    }
    if (Files.isRegularFile(file) && Files.size(file) == 0 && options.size() == 0) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is empty, and a resource does not grow. Say how large it has to become, for"
              + " example: --size 1G");
    }
    LocalFiles.checkReadableAndWritable(file);
    LocalFiles.checkOneName(file);
    LocalFiles.checkUnclaimed(file);
    checkRemembered(file, StateFolder.beside(file, home));
    SqliteFile.check(
        file, options.devices().isEmpty() ? SqliteFile.Use.AT_REST : SqliteFile.Use.BY_PROGRAMS);
    Qcow2File.check(file);
    for (Device device : options.devices()) {
      device.check();
    }
  }

  static Seeding start(Node node, SeedOptions options) throws IOException {
    check(options, node.home());
    String resource = options.resource();
    node.checkOfferedOnlyHere(resource);
    Path file = LocalFiles.real(options.from());
    Path beside = StateFolder.beside(file, node.home());
    StateFolder folder = StateFolder.open(beside, file);
    Journal journal = null;
    Backend store = null;
    Seeder seeder = null;
    LeaseBook leases = null;
    StateWatch watch = null;
    OpenDevices devices = new OpenDevices();
    try {
      folder.hold(file);
      checkNoCache(file, beside);
      journal = new Journal(folder.log(StateFolder.Part.JOURNAL));
      checkOwned(journal.ownership(), file, beside);
      if (journal.ownership() instanceof Ownership.Unknown) {
        // Whatever was moved to that path before, this is something else.
        node.home().moves().end(beside);
      }
      leases = leases(folder);
      checkLeft(folder, file, journal.ownership(), leases);
      if (!options.devices().isEmpty()) {
        lock(leases, resource);
      }
      grow(file, options.size(), journal.ownership(), leases);
      store = FileBackend.open(file, NativeSparseFile.opener());
      ChunkGeometry geometry = ChunkGeometry.of(store.size());
      ForeignWrites others = new ForeignWrites(file);
      RememberedStop stop =
          new RememberedStop(
              new WritingOut(options.hook(), devices, others),
              folder.path(StateFolder.Part.STOPPED),
              failure -> node.advise(stillStopped(resource, failure)));
      seeder =
          new Seeder(
              resource,
              geometry,
              store,
              journal,
              stop,
              options.leecherTimeout(),
              node.place(),
              node.random());
      others.count(seeder::writes);
      watch = new StateWatch(folder.path(StateFolder.Part.LEFT), others::leave);
      if (seeder.state() instanceof SeederState.Idle) {
        // Before anybody can write to it here.
        use(watch, resource);
      }
      HotBlocks hot = new HotBlocks(geometry, HALF_LIFE);
      ChangeTimes changes = new ChangeTimes(geometry);
      Backend device =
          new NotedBackend(new DatedBackend(seeder.device(), geometry, changes), watch);
      MountHost mounts =
          new MountHost(
              resource,
              geometry,
              device,
              options.devices().isEmpty()
                  ? MountHost.Writers.MOUNTS
                  : MountHost.Writers.LOCAL_PROGRAM,
              leases,
              node.random().nextLong(),
              new ProfileFile(folder.path(StateFolder.Part.PROFILE)),
              hot,
              changes);
      Seeding seeding =
          new Seeding(
              node, folder, seeder, device, store, journal, mounts, leases, devices, watch, stop);
      Backend local = new ObservedBackend(device, hot);
      devices.open(
          options.devices(),
          wanted ->
              wanted.open(resource, local, Device.Access.WRITE, node.home().mountDirectory()));
      node.offer(seeder, mounts);
      letGoOn(node, seeder, stop);
      return seeding;
    } catch (IOException e) {
      try {
        devices.close();
      } catch (IOException also) {
        e.addSuppressed(also);
      }
      if (watch != null) {
        watch.close();
      }
      if (seeder != null) {
        seeder.close();
      }
      if (store != null) {
        store.close();
      }
      if (leases != null) {
        leases.close();
      }
      if (journal != null) {
        journal.close();
      }
      folder.close();
      throw e;
    }
  }

  /** What others have done to it while nobody offered it. */
  private static void checkLeft(
      StateFolder folder, Path file, Ownership ownership, LeaseBook leases) throws IOException {
    Path at = folder.path(StateFolder.Part.LEFT);
    if (!LastSeen.isOutdated(at, file)) {
      return;
    }
    if (ownership instanceof Ownership.HandedOver) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " was changed after it had been handed over, and the other node still fetches from"
              + " it. Bring it back as it was. If it is right as it is, delete "
              + at
              + ".");
    }
    LOG.info("{} was changed by others; mounts look at it anew", file);
    leases.outdate();
  }

  private static void grow(Path file, long size, Ownership ownership, LeaseBook leases)
      throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) >= size) {
      return;
    }
    if (ownership instanceof Ownership.HandedOver) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file + " was handed over, and stays as it was then. Leave --size out.");
    }
    try (RandomAccessFile longer = new RandomAccessFile(file.toFile(), "rw")) {
      longer.setLength(size);
      longer.getFD().sync();
    }
    leases.outdate();
  }

  /** Who may write a state from elsewhere, or has done so last. */
  static LeaseBook leases(StateFolder folder) throws IOException {
    return new LeaseBook(folder.log(StateFolder.Part.LEASES), LEASE, System::nanoTime);
  }

  /** A program on this machine will write: what mounts have kept of it is old then. */
  private static void lock(LeaseBook leases, String resource) throws IOException {
    try {
      leases.ownerWrites();
    } catch (RemoteException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "'"
              + resource
              + "' cannot have a device here: "
              + e.getMessage()
              + ". End that mount first, or offer it without a device.",
          e);
    }
  }

  /** What its folder says of it, when there is one that nobody else works with now. */
  private static void checkRemembered(Path file, Path beside) throws IOException {
    checkNoCache(file, beside);
    Optional<Ownership> remembered = remembered(beside);
    if (remembered.isPresent()) {
      checkOwned(remembered.get(), file, beside);
    }
  }

  /**
   * What is remembered of a state; empty when that is nothing, or another process works with it.
   *
   * @param beside as {@link StateFolder#beside} says
   */
  static Optional<Ownership> remembered(Path beside) throws IOException {
    if (!StateFolder.remembers(beside, StateFolder.Part.JOURNAL)) {
      return Optional.empty();
    }
    try (StateFolder folder = StateFolder.open(beside);
        Journal journal = new Journal(folder.log(StateFolder.Part.JOURNAL))) {
      return Optional.of(journal.ownership());
    } catch (ResourceBusyException e) {
      LOG.debug("{} is in use, which is found out when it is opened", beside, e);
      return Optional.empty();
    }
  }

  private static void checkNoCache(Path file, Path beside) throws NodeException {
    if (StateFolder.remembers(beside, StateFolder.Part.CACHE)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is the cache of a mount, which is not whole by itself. Offer what is mounted"
              + " instead, or a copy of that.");
    }
  }

  private static void checkOwned(Ownership ownership, Path file, Path beside) throws NodeException {
    Path remembered = StateFolder.of(beside);
    switch (ownership) {
      case Ownership.Unknown _, Ownership.Owned _, Ownership.Taken _, Ownership.HandedOver _ -> {}
      case Ownership.Released released ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file
                  + " has moved to another node (generation "
                  + released.generation()
                  + "); this copy is old. To use it all the same as a new state, delete its"
                  + " folder "
                  + remembered
                  + ".");
      case Ownership.Running _ ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file + " is not complete yet; finish it with the same 'godwit leech' as before.");
      case Ownership.Pulling _, Ownership.Finalizing _, Ownership.Declined _ ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file
                  + " is a copy that was never finished; finish it with 'godwit leech', or"
                  + " delete it and its folder "
                  + remembered
                  + ".");
    }
  }

  /** What local programs write to; for programs in this process. */
  public Backend device() {
    return device;
  }

  /** Where programs find the devices, in the order in which they were asked for. */
  public List<String> places() {
    return devices.places();
  }

  /** What it is doing. */
  public SeederState state() {
    return seeder.state();
  }

  /** Why the last migration came to nothing; empty when there was none, or nobody said why. */
  public String whyHere() {
    return seeder.whyHere();
  }

  /** Bytes in the resource. */
  public long size() {
    return store.size();
  }

  /** Calls {@code listener} at every change of state. */
  public void onChange(Consumer<SeederState> listener) {
    seeder.onChange(listener);
  }

  /** Calls {@code listener} each time that what a mount reads or writes fails on this machine. */
  public void onTrouble(Consumer<NodeException> listener) {
    mounts.onTrouble(failure -> listener.accept(Explanation.of(failure)));
  }

  /**
   * Completes with the new generation when another node has taken everything over; exceptionally
   * when only a restart tells whether it has.
   */
  public CompletableFuture<Long> released() {
    return released.copy();
  }

  /**
   * Makes everything durable that programs wrote here, unless the copy here is old.
   *
   * @throws IOException when that could not be confirmed, now or before
   */
  public void save() throws IOException {
    if (!(seeder.state() instanceof SeederState.Released)) {
      store.flush();
    }
  }

  /** So that it shows when others change it before it is offered again. */
  private void leave() {
    try {
      boolean remembered =
          folder.remembers(StateFolder.Part.JOURNAL) || folder.remembers(StateFolder.Part.LEASES);
      if (seeder.state() instanceof SeederState.Released || !remembered) {
        // Whatever becomes of it.
        watch.forget();
      } else {
        watch.leave();
      }
    } catch (IOException e) {
      LOG.warn("Changes of {} by others will not be noticed: {}", seeder.resource(), e.toString());
    }
  }

  private static void use(StateWatch watch, String resource) {
    try {
      watch.use();
    } catch (IOException e) {
      // A full disk for example, from which it is perhaps being moved away.
      LOG.warn("Changes of {} by others will not be noticed: {}", resource, e.toString());
    }
  }

  private void handedOver() {
    leave();
    forget(stop, seeder.resource());
  }

  private static void forget(RememberedStop stop, String resource) {
    try {
      stop.forget();
    } catch (IOException e) {
      LOG.warn("{} is taken for stopped here: {}", resource, e.toString());
    }
  }

  /** Whether the program has moved, or may have. */
  private boolean isElsewhere() {
    return switch (seeder.state()) {
      case SeederState.HandedOver _, SeederState.Released _, SeederState.Undecided _ -> true;
      default -> false;
    };
  }

  /** A program that an earlier process had stopped when it was ended. */
  private static void letGoOn(Node node, Seeder seeder, RememberedStop stop) {
    if (!stop.isLeft()) {
      return;
    }
    if (!(seeder.state() instanceof SeederState.Idle)) {
      forget(stop, seeder.resource());
      return;
    }
    try {
      stop.resume();
      node.advise(
          "The program of "
              + seeder.resource()
              + " had been stopped for a hand-over that came to nothing; it was let go on.");
    } catch (IOException e) {
      LOG.debug("the program of {} is still stopped", seeder.resource(), e);
    }
  }

  private static String stillStopped(String resource, IOException failure) {
    return "The program of "
        + resource
        + " was stopped for a hand-over that came to nothing, and could not be let go on ("
        + failure.getMessage()
        + "). Start it.";
  }

  @Override
  public void close() throws IOException {
    if (closed.getAndSet(true)) {
      return;
    }
    node.forget(this);
    try {
      stop.refuse(this::isElsewhere, SETTLE);
    } finally {
      node.withdraw(seeder, mounts);
    }
    try {
      devices.close();
    } finally {
      mounts.close();
      seeder.close();
      watch.close();
      try (folder;
          journal;
          leases;
          store) {
        save();
        leave();
      }
    }
  }
}
