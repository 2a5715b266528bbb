package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FileBackend;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;
import dev.godwit.libc.BoundedCall;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.libc.ShellWord;
import dev.godwit.log.DurableNames;
import dev.godwit.migration.Journal;
import dev.godwit.migration.Leecher;
import dev.godwit.migration.LeecherState;
import dev.godwit.migration.MigrationId;
import dev.godwit.migration.MigrationProgress;
import dev.godwit.migration.Ownership;
import dev.godwit.migration.SeederClient;
import dev.godwit.migration.SeederState;
import dev.godwit.mount.LeaseBook;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.session.SessionState;
import dev.godwit.wire.proto.DescribeReply;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A resource on its way here, and afterwards its device. Closing ends the devices and makes
 * everything durable; it does not undo what was moved.
 */
public final class Leeching implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Leeching.class);

  /** How long each of the last words with a seeder may take. */
  private static final Duration PARTING = Duration.ofSeconds(2);

  private final Node node;
  private final Path file;
  private final StateFolder folder;
  private final Session session;
  private final PathKeeper keeper;
  private final Leecher leecher;
  private final Backend store;
  private final Journal journal;
  private final OpenDevices devices = new OpenDevices();
  private final CompletableFuture<LeecherState> end = new CompletableFuture<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final StateWatch watch;
  private volatile @Nullable Thread runner;

  private Leeching(
      Node node,
      Path file,
      StateFolder folder,
      KeptSession kept,
      Leecher leecher,
      Backend store,
      Journal journal) {
    this.node = node;
    this.file = file;
    this.folder = folder;
    this.session = kept.session();
    this.keeper = kept.keeper();
    this.leecher = leecher;
    this.store = store;
    this.journal = journal;
    this.watch = new StateWatch(folder.path(StateFolder.Part.LEFT), () -> FileMark.of(file));
  }

  /**
   * Looks for mistakes that can be seen on this machine alone, before anybody else is asked.
   *
   * @param home of the node that would have it
   * @throws NodeException when the options make no sense here
   */
  public static void check(LeechOptions options, NodeHome home) throws IOException {
    Path file = LocalFiles.real(options.to());
    checkTarget(file, options.existing(), home);
    if (Seeding.remembered(StateFolder.beside(file, home)).orElse(null)
        instanceof Ownership.Owned owned) {
      checkOwned(owned, file, options);
    }
    for (Device device : options.devices()) {
      device.check();
    }
  }

  /**
   * The folder with what is remembered of a state, or would be.
   *
   * @param to as in {@link LeechOptions}
   */
  public static Path remembered(Path to, NodeHome home) throws IOException {
    return StateFolder.of(StateFolder.beside(LocalFiles.real(to), home));
  }

  static Leeching start(Node node, LeechOptions options) throws IOException {
    check(options, node.home());
    Path file = LocalFiles.real(options.to());
    KeptSession kept = node.session(options.name(), SeederClient.protocol());
    NodeId seeder = kept.peer();
    try {
      node.checkNotSelf(seeder, options.name().node());
    } catch (NodeException e) {
      kept.session().close();
      throw e;
    }
    Session session = kept.session();
    StateFolder folder;
    try {
      folder = StateFolder.open(StateFolder.beside(file, node.home()), file);
    } catch (IOException e) {
      session.close();
      throw e;
    }
    Journal journal = null;
    Backend store = null;
    SeederClient agreed = null;
    try {
      if (Files.exists(file)) {
        folder.hold(file);
      }
      journal = new Journal(folder.log(StateFolder.Part.JOURNAL));
      checkJournal(journal.ownership(), file, seeder, node, options);
      node.reaching();
      session.start();
      node.asking(options.name());
      MigrationId anew = MigrationId.random(node.random());
      DescribeReply description = new SeederClient(session, anew).describe();
      Ownership found = found(journal.ownership(), description, file, options);
      checkNotReclaimed(found, description, file, options.name());
      Ownership.Pulling resumed = resumed(found);
      MigrationId migration =
          resumed == null || found instanceof Ownership.Pulling ? anew : resumed.migration();
      Ownership.Pulling origin = origin(found, migration, seeder, options.name(), description);
      if (beginsAnew(found)) {
        checkRoom(file, description);
        // Consent first: what is here is destroyed next.
        agreed = new SeederClient(session, migration);
        var _ = agreed.track();
        outdate(folder);
        // What is found of the file after a crash is a copy that was begun, and no state.
        journal.pulling(origin);
      }
      checkLeft(folder, file, found);
      node.home()
          .moves()
          .begin(
              new RememberedMoves.Move(
                  file, folder.beside(), options.name().resource(), seeder, options.name().node()));
      store = target(file, found, origin.geometry());
      folder.hold(file);
      Leecher leecher =
          new Leecher(
              options.settings(), store, journal, origin, session, options.hook(), node.random());
      Leeching leeching = new Leeching(node, file, folder, kept, leecher, store, journal);
      leeching.devices.open(
          options.devices(),
          device ->
              device.open(
                  options.name().resource(),
                  leecher.device(),
                  Device.Access.WRITE,
                  node.home().mountDirectory()));
      return leeching;
    } catch (IOException e) {
      if (agreed != null) {
        withdraw(agreed, node.name(), e);
      }
      session.close();
      if (store != null) {
        store.close();
      }
      if (journal != null) {
        journal.close();
      }
      folder.close();
      throw explained(e, options.name());
    }
  }

  /** The seeder need not wait for what failed here. */
  private static void withdraw(SeederClient agreed, String node, IOException cause) {
    boolean interrupted = Thread.interrupted();
    try {
      agreed.abort(
          interrupted ? node + " stopped fetching it" : String.valueOf(cause.getMessage()));
    } catch (IOException e) {
      cause.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static IOException explained(IOException e, ResourceName name) {
    if (e instanceof RemoteException refused) {
      return new NodeException(
          switch (refused.code()) {
            case NOT_ALLOWED, NOT_A_MEMBER -> NodeException.Kind.NOT_ALLOWED;
            default -> NodeException.Kind.FAILED;
          },
          name.node() + " refuses: " + refused.getMessage() + ".",
          e);
    }
    return e;
  }

  private static void checkTarget(Path file, LeechOptions.Existing existing, NodeHome home)
      throws IOException {
    Path folder = file.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NodeException(
          NodeException.Kind.FAILED, "There is no folder " + folder + " to put the state into.");
    }
    if (Files.isDirectory(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is a folder; name a file in it: --to "
              + ShellWord.of(file.resolve("state.img"))
              + ".");
    }
    if (Files.exists(file) && !LocalFiles.holdsState(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file + " is neither a file nor a block device. Choose another --to.");
    }
    Path beside = StateFolder.beside(file, home);
    if (Files.exists(file)) {
      LocalFiles.checkUnclaimed(file);
    }
    if (beside.equals(file)) {
      LocalFiles.checkWritableFolder(folder);
    }
    if (StateFolder.remembers(beside, StateFolder.Part.CACHE)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is the cache of a mount, and may hold what is saved nowhere else. Choose another"
              + " --to.");
    }
    boolean started = StateFolder.remembers(beside, StateFolder.Part.JOURNAL);
    if (existing == LeechOptions.Existing.REFUSE
        && !started
        && Files.exists(file)
        && (!Files.isRegularFile(file) || Files.size(file) > 0)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file + " exists and is not empty. Choose another --to, or replace it with --overwrite.");
    }
    if (!started) {
      SqliteFile.checkNothingLeft(file);
    }
  }

  /** The attempt that the journal tells of, if it can go on. */
  static Ownership.@Nullable Pulling resumed(Ownership ownership) {
    return switch (ownership) {
      case Ownership.Finalizing finalizing -> finalizing.pulling();
      case Ownership.Running running -> running.origin().pulling();
      case Ownership.Taken taken -> taken.origin().pulling();
      case Ownership.Declined declined -> declined.origin().pulling();
      case Ownership.Pulling pulling -> pulling;
      case Ownership.Unknown _, Ownership.Owned _, Ownership.HandedOver _, Ownership.Released _ ->
          null;
    };
  }

  private static void checkJournal(
      Ownership ownership, Path file, NodeId seeder, Node node, LeechOptions options)
      throws IOException {
    Ownership.Pulling resumed = resumed(ownership);
    if (resumed != null) {
      boolean same =
          resumed.seeder().equals(seeder) && resumed.resource().equals(options.name().resource());
      if (!same && ownership instanceof Ownership.Taken taken) {
        checkOwned(taken, file, options);
      } else if (!same && !(ownership instanceof Ownership.Pulling)) {
        throw new NodeException(
            NodeException.Kind.FAILED,
            file
                + " belongs to an unfinished migration of '"
                + resumed.resource()
                + "' from "
                + node.nameOf(resumed.seeder())
                + "; finish that one, or choose another --to.");
      }
      return;
    }
    switch (ownership) {
      case Ownership.Owned owned -> checkOwned(owned, file, options);
      case Ownership.HandedOver given ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file
                  + " is still needed by "
                  + node.nameOf(given.leecher())
                  + ", which has not fetched all of it yet; run 'godwit seed' for it.");
      default -> {}
    }
  }

  /**
   * What the journal says, as far as it concerns what the seeder has: a state that was taken before
   * is just one of this node unless the seeder still waits for word of that.
   */
  private static Ownership found(
      Ownership journaled, DescribeReply description, Path file, LeechOptions options)
      throws NodeException {
    if (journaled instanceof Ownership.Taken taken
        && !(description.getState().equals(SeederState.HANDED_OVER)
            && description.getGeneration() == taken.generation()
            && taken.origin().pulling().resource().equals(options.name().resource()))) {
      checkOwned(taken, file, options);
      return new Ownership.Owned(taken.generation());
    }
    return journaled;
  }

  /** Whether the seeder has taken the state back meanwhile, so that there would be two. */
  private static void checkNotReclaimed(
      Ownership found, DescribeReply description, Path file, ResourceName name)
      throws NodeException {
    if (found instanceof Ownership.Running running
        && description.getGeneration() > running.generation()) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          name.node()
              + " has taken "
              + name.resource()
              + " back (generation "
              + description.getGeneration()
              + "), while "
              + file
              + " holds generation "
              + running.generation()
              + " of it, not all of it. What programs have written here since the hand-over is only"
              + " here. To keep that, move the file and its folder away; to fetch what "
              + name.node()
              + " has, choose another --to.");
    }
  }

  private static void checkOwned(Ownership owned, Path file, LeechOptions options)
      throws NodeException {
    if (options.existing() == LeechOptions.Existing.REFUSE) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " holds a state that belongs to this node (generation "
              + owned.generation()
              + "), which nobody else has any more. To use it, offer it: 'godwit seed "
              + options.name().resource()
              + " --from "
              + ShellWord.of(file)
              + "'. To fetch another one, choose another --to; --overwrite gives up this one.");
    }
  }

  private static Ownership.Pulling origin(
      Ownership ownership,
      MigrationId migration,
      NodeId seeder,
      ResourceName name,
      DescribeReply description)
      throws IOException {
    ChunkGeometry geometry;
    try {
      geometry =
          new ChunkGeometry(
              description.getSize(), description.getBlockSize(), description.getChunkSize());
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          name + " cannot be moved: its description makes no sense: " + e.getMessage(),
          e);
    }
    Ownership.Pulling resumed = resumed(ownership);
    if (resumed == null || ownership instanceof Ownership.Pulling) {
      return new Ownership.Pulling(migration, seeder, name.resource(), geometry);
    }
    if (!resumed.geometry().equals(geometry)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          name
              + " has "
              + geometry.size()
              + " bytes, but the unfinished copy here has "
              + resumed.geometry().size()
              + "; it is another state.");
    }
    return resumed;
  }

  /** Whether nothing that the journal says is of use to anybody any more. */
  private static boolean beginsAnew(Ownership ownership) {
    return switch (ownership) {
      case Ownership.Unknown _, Ownership.Owned _, Ownership.Released _, Ownership.Pulling _ ->
          true;
      // The seeder may not know yet that it has the state again.
      case Ownership.Declined _ -> false;
      case Ownership.HandedOver _, Ownership.Finalizing _, Ownership.Running _, Ownership.Taken _ ->
          false;
    };
  }

  private static boolean goesOn(Ownership ownership) {
    return ownership instanceof Ownership.Finalizing
        || ownership instanceof Ownership.Running
        || ownership instanceof Ownership.Taken;
  }

  /** What others have done to the copy while nobody worked on it. */
  private static void checkLeft(StateFolder folder, Path file, Ownership ownership)
      throws IOException {
    Path at = folder.path(StateFolder.Part.LEFT);
    if (goesOn(ownership) && Files.exists(file) && LastSeen.isOutdated(at, file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " was changed since the unfinished migration. Bring it back as it was. If it is right"
              + " as it is, delete "
              + at
              + ".");
    }
  }

  private static Backend target(Path file, Ownership ownership, ChunkGeometry geometry)
      throws IOException {
    if (goesOn(ownership)) {
      if (!Files.exists(file) || LocalFiles.size(file) != geometry.size()) {
        throw new NodeException(
            NodeException.Kind.FAILED,
            file + " was changed since the unfinished migration; its size does not match.");
      }
      return FileBackend.open(file, NativeSparseFile.opener());
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      return FileBackend.open(file, NativeSparseFile.opener());
    }
    Files.deleteIfExists(file);
    Backend made = FileBackend.create(file, geometry.size(), NativeSparseFile.opener());
    DurableNames.force(file);
    return made;
  }

  /** What mounts have kept of the state that was here before is old. */
  private static void outdate(StateFolder folder) throws IOException {
    folder.forget(StateFolder.Part.PROFILE);
    if (folder.remembers(StateFolder.Part.LEASES)) {
      try (LeaseBook leases = Seeding.leases(folder)) {
        leases.outdate();
      }
    }
  }

  /** A disk that is larger would be another, larger state from then on. */
  private static void checkFits(Path disk, long wanted) throws IOException {
    long size = LocalFiles.size(disk);
    if (size != wanted) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "The state has "
              + wanted
              + " bytes, and "
              + disk
              + " has "
              + size
              + "; they have to be the same. Make a volume of that size, or use a file.");
    }
  }

  private static void checkRoom(Path file, DescribeReply description) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      checkFits(file, description.getSize());
      return;
    }
    Path folder = Objects.requireNonNull(file.getParent());
    long room = Files.getFileStore(folder).getUsableSpace();
    if (Files.exists(file)) {
      room += Files.size(file);
    }
    if (description.getDataBytes() > room) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "The state needs "
              + description.getDataBytes()
              + " bytes, but only "
              + room
              + " are free at "
              + folder
              + ".");
    }
  }

  /** Where programs find the devices, in the order in which they were asked for. */
  public List<String> places() {
    return devices.places();
  }

  /** Begins. Call it once, after the listeners are set. */
  public Leeching begin() {
    try {
      watch.use();
    } catch (IOException e) {
      LOG.warn("Changes of {} by others will not be noticed: {}", file, e.toString());
    }
    runner =
        Thread.ofVirtual()
            .name("leecher")
            .start(
                () -> {
                  try {
                    end.complete(leecher.run());
                  } catch (RuntimeException e) {
                    end.completeExceptionally(e);
                  }
                });
    return this;
  }

  /** Calls {@code listener} at every change of state. */
  public void onChange(Consumer<LeecherState> listener) {
    leecher.onChange(listener);
  }

  /** Calls {@code listener} when the way to the seeder changes. */
  public void onPath(Consumer<SessionState> listener) {
    session.onChange(listener);
  }

  /** How far it is. */
  public MigrationProgress progress() {
    return leecher.progress();
  }

  /** What it is doing. */
  public LeecherState state() {
    return leecher.state();
  }

  /** How the seeder is reached now; null when it is not. */
  public @Nullable PathView reached() {
    return keeper.view();
  }

  /** The way to the seeder. */
  public SessionState path() {
    return session.state();
  }

  /** How the hand-over went, once it has happened. */
  public Leecher.@Nullable Handover handover() {
    return leecher.handover();
  }

  /** What local programs touch; for programs in this process. */
  public Backend device() {
    return leecher.device();
  }

  /** Bytes in the resource. */
  public long size() {
    return store.size();
  }

  /**
   * Waits until the move is over.
   *
   * @return {@link LeecherState.Complete} or {@link LeecherState.Failed}
   */
  public LeecherState await() throws InterruptedException {
    if (runner == null) {
      begin();
    }
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the leecher failed", e.getCause());
    }
  }

  /** Stops a move before the hand-over, and lets the seeder know if it can be told at once. */
  private void abandon() {
    Thread running = runner;
    if (running == null) {
      return;
    }
    leecher.stopping(node.name() + " stopped fetching it" + share());
    running.interrupt();
    try {
      boolean nothingCameOfIt =
          end.get(PARTING.toMillis(), TimeUnit.MILLISECONDS) instanceof LeecherState.Failed failed
              && failed.where() == LeecherState.Where.SEEDER;
      if (nothingCameOfIt && session.state() instanceof SessionState.Connected) {
        boolean _ =
            BoundedCall.run(
                "telling the seeder",
                PARTING,
                () -> {
                  leecher.abandon();
                  return true;
                });
      }
    } catch (IOException | ExecutionException | TimeoutException e) {
      LOG.debug("the seeder finds out by itself that nothing comes any more", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String share() {
    MigrationProgress progress = leecher.progress();
    return progress.bytesExpected() == 0
        ? ""
        : " at " + 100 * progress.bytesFetched() / progress.bytesExpected() + " %";
  }

  /** Completes when the move is over. */
  public CompletableFuture<LeecherState> end() {
    return end.copy();
  }

  /** Whether nobody will ask what has become of this move: the seeder knows, and has noted it. */
  private boolean isOver() {
    return journal.ownership() instanceof Ownership.Owned
        || (leecher.state() instanceof LeecherState.Failed failed
            && failed.where() == LeecherState.Where.SEEDER);
  }

  @Override
  public void close() throws IOException {
    if (closed.getAndSet(true)) {
      return;
    }
    node.forget(this);
    try {
      devices.close();
    } finally {
      // Also while it connects: the seeder may have begun already.
      if (leecher.state() instanceof LeecherState.Pulling
          || leecher.state() instanceof LeecherState.Connecting) {
        abandon();
      }
      session.close();
      Thread running = runner;
      if (running != null) {
        running.interrupt();
      }
      if (isOver()) {
        node.home().moves().end(folder.beside());
      }
      watch.close();
      try (folder;
          journal;
          store) {
        leave();
      }
    }
  }

  /** So that it shows when others change it before this goes on, or it is offered. */
  private void leave() throws IOException {
    switch (leecher.state()) {
      case LeecherState.Complete _, LeecherState.Running _ -> {
        leecher.save();
        watch.leave();
      }
      case LeecherState.Finalizing _, LeecherState.Declining _ -> watch.leave();
      case LeecherState.Failed failed when failed.where() == LeecherState.Where.HERE ->
          watch.leave();
      // Whatever is there is fetched anew.
      case LeecherState.Connecting _, LeecherState.Pulling _, LeecherState.Failed _ ->
          watch.forget();
    }
  }
}
