package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.RememberingBackend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.BlockSource;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.chunk.PartialBackend;
import dev.godwit.chunk.PullOrder;
import dev.godwit.chunk.TrackingBackend;
import dev.godwit.chunk.UnloggedRuns;
import dev.godwit.pull.InFlightWindow;
import dev.godwit.pull.Puller;
import dev.godwit.pull.RangeReader;
import dev.godwit.pullorder.AccessProfile;
import dev.godwit.pullorder.AccessRecorder;
import dev.godwit.pullorder.ByteRange;
import dev.godwit.pullorder.PullOrderFactory;
import dev.godwit.pullorder.PullOrders;
import dev.godwit.pullorder.PulledResource;
import dev.godwit.session.Session;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A resource of another node, used through a local cache: what is missing is fetched when it is
 * touched, and in the background; what is written is kept here and brought to the owner in the
 * background. Thread-safe.
 */
public final class ManagedMount implements Mount {
  private static final Logger LOG = LoggerFactory.getLogger(ManagedMount.class);
  private static final Duration PULL_PATIENCE = Duration.ofDays(30);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration FENCE = Duration.ofSeconds(10);

  /** A crash sends once more what was saved in this time. */
  private static final Duration NOTE = Duration.ofSeconds(5);

  /** Which part of what may be unsaved a crash may send again although it is saved. */
  private static final int SENT_AGAIN = 4;

  /** How long the background waits for a program's first read. */
  private static final Duration HEAD_START = Duration.ofMillis(300);

  /** What a block that is asked for may be late, until it is fetched anew. */
  private static final Duration ARRIVAL = Duration.ofMillis(50);

  private final MountClient client;
  private final MountClient.Access access;
  private final MountClient.Opened opened;
  private final Settings settings;
  private final ChunkGeometry geometry;
  private final Backend cache;
  private final CacheJournal journal;
  private final PartialBackend partial;
  private final TrackingBackend tracking;
  private final UnloggedRuns unlogged = new UnloggedRuns();
  private final LockedBackend gate;
  private final FollowingOrder order;
  private final AccessRecorder recorder;
  private final CacheJournal.Origin origin;
  private final Puller puller;
  private final Pusher pusher;
  private final Thread pulling;
  private final LeaseKeeper lease;
  private final ChangeFollower follower;
  private final Semaphore changes = new Semaphore(0);
  private final SavedNotes savedNotes;
  private final UnsavedNotes unsavedNotes;
  private final CountDownLatch firstRead = new CountDownLatch(1);
  private final CountDownLatch whole = new CountDownLatch(1);
  private volatile @Nullable IOException pullFailure;
  private volatile @Nullable String lost;

  /**
   * What a user decides.
   *
   * @param durability what a flush promises
   * @param timeout how long an access waits for an owner that takes nothing before it fails
   * @param order what is fetched first
   * @param pull whether everything is fetched
   * @param pushInterval how long a written block waits at most until it is brought to the owner
   * @param follow how often to ask what others have changed, when it only reads
   * @param mostUnsaved how many bytes may wait for the owner; more writes than that wait, too
   */
  public record Settings(
      Durability durability,
      Duration timeout,
      PullOrderFactory order,
      Pull pull,
      Duration pushInterval,
      Duration follow,
      long mostUnsaved) {

    /** Durable at the owner, half a minute, everything as it was read last time, a gibibyte. */
    public static Settings standard() {
      return new Settings(
          Durability.REMOTE,
          Duration.ofSeconds(30),
          PullOrders.standard().named("profile"),
          Pull.IN_BACKGROUND,
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          1L << 30);
    }
  }

  /** What is fetched besides what is touched. */
  public enum Pull {
    /** Nothing. */
    NOTHING,
    /** Everything, while the resource is in use. */
    IN_BACKGROUND,
    /** Everything, before the resource is in use: {@link PullFirst} waits for that. */
    FIRST
  }

  /**
   * A mount that the owner has let in; {@link #start} begins to work.
   *
   * @param session speaks {@link MountHost#protocol} with the owner
   * @param opened what the owner said
   * @param cache where the bytes go, as large as the resource; closed by the caller
   * @param journal of that cache; closed by the caller
   * @param origin what the cache is of, with the generation in {@code opened}
   * @throws IOException when the owner cannot be asked where its data is, the cache fails, or it is
   *     to be read only and the cache holds bytes that are not saved
   */
  public ManagedMount(
      Session session,
      MountClient client,
      MountClient.Access access,
      MountClient.Opened opened,
      Backend cache,
      CacheJournal journal,
      CacheJournal.Origin origin,
      Settings settings)
      throws IOException {
    this.client = client;
    this.access = access;
    this.opened = opened;
    this.settings = settings;
    this.geometry = opened.geometry();
    this.cache = new RememberingBackend(cache, "the cache of " + origin.resource());
    this.journal = journal;
    BlockSet unsaved = unsavedIn(journal, geometry);
    if (access == MountClient.Access.READ && !unsaved.isEmpty()) {
      // Only a writer asks whether they still fit what the owner has. Under the generation that a
      // reader learns, they would seem to fit what others have written since.
      throw new IOException(
          "the cache holds bytes that are not saved; mount it to be written first");
    }
    @Nullable BlockSet whole = reusable();
    // First of all: what is done to the cache from here on must not be taken for what it was.
    journal.begin(origin, unsaved);
    BlockSet missing = whole == null ? afresh(unsaved) : without(whole);
    InFlightWindow pulls = new InFlightWindow(System::nanoTime, session::roundTrip);
    this.partial =
        new PartialBackend(
            this.cache,
            geometry,
            missing,
            new RangeReader(session, settings.timeout()),
            settings.timeout().plusSeconds(5),
            () -> session.roundTrip().multipliedBy(2).plus(pulls.queueing()).plus(ARRIVAL));
    this.tracking =
        switch (settings.durability()) {
          case LOCAL -> new TrackingBackend(partial, geometry, unlogged::add);
          case REMOTE -> new TrackingBackend(partial, geometry);
        };
    tracking.start();
    tracking.record(unsaved);
    this.pusher =
        new Pusher(
            client,
            opened,
            this.cache,
            tracking,
            new InFlightWindow(System::nanoTime, session::roundTrip),
            settings.pushInterval(),
            this::saved);
    Backend device =
        new MountDevice(
            tracking,
            new Reads(),
            new Flushes(),
            settings.durability(),
            pusher,
            settings.mostUnsaved(),
            settings.timeout());
    this.gate = new LockedBackend(device, settings.timeout(), LockedBackend.State.OPEN);
    this.order = new FollowingOrder(wanted -> -1);
    this.recorder = new AccessRecorder(geometry);
    this.origin = origin;
    this.puller = new Puller(session, partial, geometry, order, pulls, bytes -> {});
    this.pulling = Thread.ofVirtual().name("mount-puller").unstarted(this::pull);
    this.lease = new LeaseKeeper(client, opened, LeaseClock.of(opened.lease()), this::lose);
    this.follower = new ChangeFollower(client, opened, settings.follow(), this::lose);
    follower.add(this::changed);
    this.savedNotes = new SavedNotes(journal::noteSaved, NOTE);
    this.unsavedNotes =
        new UnsavedNotes(geometry, missing, settings.mostUnsaved() / SENT_AGAIN, System::nanoTime);
  }

  private static BlockSet unsavedIn(CacheJournal journal, ChunkGeometry geometry) {
    BlockSet unsaved = journal.unsaved();
    return unsaved.size() == geometry.blocks() ? unsaved : new BlockSet(geometry.blocks());
  }

  /** The blocks in the cache that are still the same as the owner's; null when that is unknown. */
  private @Nullable BlockSet reusable() {
    BlockSet whole = journal.whole();
    return whole != null && opened.unchanged() && whole.size() == geometry.blocks() ? whole : null;
  }

  /** What is missing when these blocks are here. */
  private BlockSet without(BlockSet whole) {
    BlockSet missing = new BlockSet(geometry.blocks());
    missing.add(0, geometry.blocks());
    whole.forEachRun(missing::remove);
    return missing;
  }

  /**
   * What is missing when what an earlier use has left in the cache counts for nothing, but for what
   * is not saved. Afterwards everything else reads as zeroes there, as holes of the owner do.
   */
  private BlockSet afresh(BlockSet unsaved) throws IOException {
    BlockSet missing = new BlockSet(geometry.blocks());
    for (int from = unsaved.nextAbsent(0); from < geometry.blocks(); ) {
      int next = unsaved.next(from);
      int to = next < 0 ? geometry.blocks() : next;
      cache.zero(geometry.blockOffset(from), geometry.bytes(from, to), Holes.ALLOWED);
      from = unsaved.nextAbsent(to);
    }
    client.extents(geometry.blocks()).addTo(missing);
    unsaved.forEachRun(missing::remove);
    return missing;
  }

  /** Begins to pull, to push, and to keep the lease. */
  public ManagedMount start() {
    pulling.start();
    switch (access) {
      case WRITE -> {
        pusher.start();
        savedNotes.start();
        lease.start();
      }
      case READ -> follower.start();
    }
    return this;
  }

  private void changed(BlockRuns blocks) {
    partial.changed(blocks);
    changes.release();
  }

  @Override
  public void onChange(ChangeListener listener) {
    follower.add(listener);
  }

  @Override
  public Backend device() {
    return access == MountClient.Access.WRITE ? gate : new ReadOnlyBackend(gate);
  }

  @Override
  public long unsavedBytes() {
    return pusher.unsavedBytes();
  }

  @Override
  public List<ByteRange> unsaved() {
    List<ByteRange> ranges = new ArrayList<>();
    unsavedBlocks()
        .forEachRun(
            (from, to) ->
                ranges.add(new ByteRange(geometry.blockOffset(from), geometry.bytes(from, to))));
    return ranges;
  }

  @Override
  public long missingBytes() {
    return Math.min(geometry.size(), (long) partial.missing().count() * geometry.blockSize());
  }

  /**
   * Waits until everything has come.
   *
   * @return whether it has, within {@code limit}
   */
  boolean awaitWhole(Duration limit) throws InterruptedException {
    return partial.isWhole() || whole.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Why nothing is fetched in the background until the next attempt; null while it is. */
  public @Nullable IOException pullFailure() {
    return pullFailure;
  }

  @Override
  public @Nullable String problem() {
    return pusher.problem();
  }

  @Override
  public @Nullable String cacheProblem() {
    for (@Nullable Throwable cause = pullFailure; cause != null; cause = cause.getCause()) {
      if (cause instanceof FileSystemException file) {
        return file.getMessage();
      }
    }
    return null;
  }

  @Override
  public @Nullable String lost() {
    return lost;
  }

  /** What programs read. */
  private final class Reads implements MountDevice.ReadListener {
    @Override
    public void reading(long offset, int length) {
      ManagedMount.this.reading(offset, length);
    }

    @Override
    public void read() {
      if (firstRead.getCount() > 0) {
        firstRead.countDown();
      }
    }
  }

  private void reading(long offset, int length) {
    if (length == 0 || offset < 0 || offset > geometry.size() - length) {
      return;
    }
    recorder.read(offset, length);
    if (!partial.isWhole()) {
      int last = geometry.blockAt(offset + length - 1);
      order.read(geometry.blockAt(offset), last + 1, geometry.chunkEnd(last));
    }
  }

  /** What the order of pulling may want to know. */
  private final class Pulled implements PulledResource {
    @Override
    public String identity() {
      return origin.resource();
    }

    @Override
    public ChunkGeometry geometry() {
      return geometry;
    }

    @Override
    public BlockSource source() {
      return partial::read;
    }

    @Override
    public Optional<AccessProfile> recorded() throws IOException {
      return client.profile();
    }

    @Override
    public Optional<AccessProfile> hot() throws IOException {
      return client.hot();
    }
  }

  private void choose() {
    try {
      order.otherwise(settings.order().create(new Pulled()));
    } catch (IOException e) {
      // It is a hint: without it everything comes, too.
      LOG.debug("no order could be made, pulling from first to last", e);
      order.otherwise(PullOrder.linear());
    }
  }

  private void pull() {
    try {
      if (settings.pull() == Pull.IN_BACKGROUND) {
        // What a program reads first is not to wait behind what nobody has asked for.
        boolean _ = firstRead.await(HEAD_START.toMillis(), TimeUnit.MILLISECONDS);
      }
      if (settings.pull() != Pull.NOTHING) {
        choose();
      }
      while (true) {
        try {
          if (partial.isWhole()) {
            whole.countDown();
            // Until others have changed something; what this mount writes is here anyway.
            changes.acquire();
          } else if (settings.pull() != Pull.NOTHING) {
            puller.pullMissing(PULL_PATIENCE);
          } else {
            order.awaitReader();
            puller.pullWanted(PULL_PATIENCE);
          }
        } catch (InterruptedIOException e) {
          throw (InterruptedException) new InterruptedException("closed").initCause(e);
        } catch (IOException e) {
          LOG.debug("pulling broke off, goes on soon", e);
          pullFailure = e;
          TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
          pullFailure = null;
        }
      }
    } catch (InterruptedException e) {
      LOG.trace("pulling ends", e);
    }
  }

  private void lose(String reason) {
    lost = reason;
    LOG.warn("the mount is lost: {}", reason);
    try {
      gate.fence(reason, FENCE);
    } catch (IOException e) {
      LOG.debug("some accesses have not ended", e);
    }
    try {
      if (access == MountClient.Access.WRITE) {
        // The owner would refuse whatever it is sent from now on.
        pusher.close();
      }
    } catch (IOException e) {
      LOG.debug("the mount is closed meanwhile", e);
    }
  }

  /** What the program's flushes do. */
  private final class Flushes implements MountDevice.Flushing {
    @Override
    public void flushHere() throws IOException {
      UnloggedRuns.Taken taken = unlogged.take();
      // Chosen before the flush: what is here by now, the flush makes durable.
      BlockRuns widened = unsavedNotes.widened(taken.all(), journal.noted());
      try {
        // What is promised after the lease has gone to somebody else could never be saved.
        lease.ensure(settings.timeout());
        cache.flush();
        if (journal.unsaved(widened)) {
          unsavedNotes.entryWritten();
        }
        // The disk, or this process, may have stood still since.
        lease.ensure(settings.timeout());
        @Nullable String reason = lost;
        if (reason != null) {
          throw new IOException(reason);
        }
      } catch (IOException | RuntimeException e) {
        unlogged.failed(taken);
        throw e;
      }
      unlogged.logged(taken);
    }

    @Override
    public CompletableFuture<Boolean> flushThere() {
      return pusher.flush();
    }

    @Override
    public void hurry() {
      pusher.pushNow();
    }
  }

  private void saved() {
    journal.saved(tracking::recordedInto);
    savedNotes.soon();
  }

  /**
   * As {@link Mount#end}. What could not be saved in time stays in the cache, durable, and is saved
   * by the next mount with the same cache.
   */
  @Override
  public long end(Duration limit) throws IOException {
    boolean quiet = isQuiet();
    if (access == MountClient.Access.WRITE) {
      keepUnsaved();
      if (lost == null) {
        save(limit);
      }
    }
    long unsaved = pusher.unsavedBytes();
    // What follows are hints to the owner, for which nobody waits when it is away.
    if (unsaved == 0 && lost == null && client.isConnected()) {
      saveProfile();
    }
    close();
    cache.flush();
    BlockSet left = unsavedBlocks();
    if (!left.isEmpty()) {
      journal.left(left);
    } else if (quiet) {
      journal.ended(sameAsTheOwners());
    }
    if (unsaved == 0
        && access == MountClient.Access.WRITE
        && lost == null
        && client.isConnected()) {
      giveLeaseBack();
    }
    return unsaved;
  }

  /** Whether no access is under way any more. */
  private boolean isQuiet() {
    try {
      gate.fence("the mount has ended", FENCE);
      return true;
    } catch (IOException e) {
      LOG.debug("some accesses have not ended", e);
      return false;
    }
  }

  /** Before the owner is waited for: this process may be killed meanwhile. */
  private void keepUnsaved() {
    try {
      cache.flush();
      BlockSet left = unsavedBlocks();
      if (!left.isEmpty()) {
        journal.left(left);
      }
    } catch (IOException e) {
      LOG.warn("what is not saved could not be noted, and is noted at the end: {}", e.toString());
    }
  }

  /** None once the lease is lost: somebody else writes there. */
  private BlockSet sameAsTheOwners() {
    BlockSet same = new BlockSet(geometry.blocks());
    if (lost == null) {
      same.add(0, geometry.blocks());
      partial.missing().forEachRun(same::remove);
    }
    return same;
  }

  private void saveProfile() {
    AccessProfile profile = recorder.profile(origin.resource());
    if (profile.runs() == 0) {
      return;
    }
    try {
      client.save(profile);
    } catch (IOException e) {
      LOG.debug("the owner does not keep what was read first", e);
    }
  }

  private BlockSet unsavedBlocks() {
    BlockSet all = new BlockSet(geometry.blocks());
    pusher.unsavedInto(all);
    return all;
  }

  private void save(Duration limit) throws IOException {
    try {
      boolean _ = pusher.flush().get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      LOG.debug("not everything could be saved", e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while saving", e);
    }
  }

  private void giveLeaseBack() {
    try {
      client.close(opened.generation());
    } catch (IOException e) {
      // It runs out by itself.
      LOG.debug("the lease could not be given back", e);
    }
  }

  @Override
  public void close() throws IOException {
    pulling.interrupt();
    lease.close();
    follower.close();
    if (access == MountClient.Access.WRITE) {
      pusher.close();
      savedNotes.close();
    }
  }
}
