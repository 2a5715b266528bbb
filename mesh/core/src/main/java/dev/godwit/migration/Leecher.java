package dev.godwit.migration;

import com.google.protobuf.ByteString;
import dev.godwit.backend.Backend;
import dev.godwit.backend.RememberingBackend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.chunk.PartialBackend;
import dev.godwit.chunk.PullOrder;
import dev.godwit.migration.FinalizePolicy.PostCopy;
import dev.godwit.migration.FinalizePolicy.RoundReport;
import dev.godwit.pull.InFlightWindow;
import dev.godwit.pull.Puller;
import dev.godwit.pull.RangeReader;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The receiving side of a migration: does what {@link LeecherMachine} says, one action after the
 * other, on the thread that calls {@link #run}.
 *
 * <p>The {@link #device} exists from the start. Accesses to it wait until the state is ours; then
 * they go on, and what is still missing is fetched when it is touched.
 */
public final class Leecher {
  private static final Logger LOG = LoggerFactory.getLogger(Leecher.class);

  /** How often everything is pulled anew: a seeder that never gets further has to be looked at. */
  private static final int MAX_FORGOTTEN = 5;

  private static final Duration PULL_PATIENCE = Duration.ofMinutes(2);

  /**
   * Once the program runs here it lives on what has arrived, so a seeder that is away is awaited
   * for as long as anyone may want; accesses to what is missing still fail after {@link
   * Settings#fetchTimeout}.
   */
  private static final Duration RUNNING_PATIENCE = Duration.ofDays(30);

  private final Settings settings;
  private final ChunkGeometry geometry;
  private final Backend store;
  private final Session session;
  private volatile SeederClient seeder;
  private final Journal journal;
  private final ProgramHook hook;
  private final PartialBackend partial;
  private final LockedBackend gate;
  private final LeecherMachine machine;
  private final InFlightWindow window;
  private final Puller puller;
  private final SecureRandom random;
  private Ownership.Pulling origin;
  private final MigrationProgress progress = new MigrationProgress();
  private final Announcer<LeecherState> announcer = new Announcer<>();
  private volatile LeecherState state = new LeecherState.Connecting();
  private volatile @Nullable Handover handover;

  /** Why it is being stopped. */
  private volatile @Nullable String stopping;

  private long generation;
  private boolean tracked;

  /** Of the seeder; null until it has told. */
  private @Nullable ByteString place;

  /** How often the seeder has forgotten us. */
  private int forgotten;

  private long roundBytes;
  private long roundStart;
  private long answered;
  private BlockRuns lateDirty = new BlockRuns();

  /**
   * What a user decides.
   *
   * @param policy when to take the program over
   * @param postCopy whether it may run before everything is here
   * @param order what is fetched first
   * @param fetchTimeout how long an access waits for a missing block before it fails
   * @param devicePatience how long an access waits for the hand-over before it fails
   */
  public record Settings(
      FinalizePolicy policy,
      PostCopy postCopy,
      PullOrder order,
      Duration fetchTimeout,
      Duration devicePatience) {

    /** Pauses below 100 ms, post-copy, linear, half a minute for a block, an hour to hand over. */
    public static Settings standard() {
      return new Settings(
          FinalizePolicy.maxDowntime(Duration.ofMillis(100)),
          PostCopy.AUTO,
          PullOrder.linear(),
          Duration.ofSeconds(30),
          Duration.ofHours(1));
    }
  }

  /**
   * How the hand-over went, as seen from here.
   *
   * @param generation the new one
   * @param asked how long the question and its answer took
   * @param suspend what of it the seeder spent to stop the program
   * @param flush what of it the seeder spent to flush and fence
   * @param journal what of it the seeder spent to make the hand-over durable
   * @param resume from the answer until the program could go on
   * @param missingBytes what was left to fetch then
   */
  public record Handover(
      long generation,
      Duration asked,
      Duration suspend,
      Duration flush,
      Duration journal,
      Duration resume,
      long missingBytes) {}

  /**
   * A leecher that has not begun; {@link #run} does everything.
   *
   * @param store where the copy goes; as large as the resource. What is in it is wiped unless the
   *     journal tells of a migration that goes on
   * @param journal of {@code store}; says whether this goes on after a restart
   * @param origin what is moved, and the name of this migration, which is replaced when an earlier
   *     attempt has to be begun anew; of the journal when it goes on
   * @param session speaks {@link SeederClient#protocol} with the seeder
   */
  public Leecher(
      Settings settings,
      Backend store,
      Journal journal,
      Ownership.Pulling origin,
      Session session,
      ProgramHook hook,
      SecureRandom random) {
    this.random = random;
    this.settings = settings;
    this.geometry = origin.geometry();
    this.store = new RememberingBackend(store, "the copy here");
    this.journal = journal;
    this.origin = origin;
    this.session = session;
    this.hook = hook;
    this.seeder = new SeederClient(session, origin.migration());
    this.machine = new LeecherMachine(MigrationId.random(random), settings.postCopy());
    BlockSet missing = new BlockSet(geometry.blocks());
    switch (journal.ownership()) {
      case Ownership.Finalizing finalizing -> finalizing.missing().addTo(missing);
      case Ownership.Running running -> running.missing().addTo(missing);
      default -> {}
    }
    this.partial =
        new PartialBackend(
            this.store,
            geometry,
            missing,
            new RangeReader(session, settings.fetchTimeout()),
            settings.fetchTimeout().plusSeconds(5));
    this.gate = new LockedBackend(partial, settings.devicePatience(), LockedBackend.State.CLOSED);
    this.window = new InFlightWindow(System::nanoTime, session::roundTrip);
    this.puller =
        new Puller(session, partial, geometry, settings.order(), window, progress::fetched);
  }

  /** What the program touches; waits until the state is ours. */
  public Backend device() {
    return gate;
  }

  /**
   * Makes everything durable that the program wrote, also what is known of missing blocks.
   *
   * @throws IOException when that could not be confirmed
   */
  public void save() throws IOException {
    partial.flush();
  }

  /** How far it is. */
  public MigrationProgress progress() {
    return progress;
  }

  /** What it is doing. */
  public LeecherState state() {
    return state;
  }

  /** How the hand-over went, once it has happened. */
  public @Nullable Handover handover() {
    return handover;
  }

  /** Calls {@code listener} at every change of state, in order, on a thread of its own. */
  public void onChange(Consumer<LeecherState> listener) {
    announcer.add(listener);
  }

  /**
   * Moves the state here. Returns when it is over, one way or the other: {@link
   * LeecherState.Complete} or {@link LeecherState.Failed}. Called once.
   */
  public LeecherState run() {
    Ownership journaled = journal.ownership();
    if (journaled instanceof Ownership.Running running) {
      generation = running.generation();
      partial.logTo(journal::becameLocal);
    } else if (journaled instanceof Ownership.Taken taken) {
      generation = taken.generation();
    } else if (journaled instanceof Ownership.Declined declined) {
      generation = declined.generation();
    }
    LeecherMachine.Step step = machine.restart(journaled);
    become(step.state());
    if (runsHere()) {
      hook.mayRun();
    }
    while (step.action().isPresent()) {
      LeecherEvent event = execute(step.action().get());
      LOG.debug("{} -> {}", step.action().get(), event);
      if (event instanceof LeecherEvent.HandedOver handed) {
        generation = handed.generation();
      }
      step = machine.next(state, event, generation);
      become(step.state());
    }
    if (state instanceof LeecherState.Failed failed && failed.where() != LeecherState.Where.HERE) {
      closeGate(failed.reason());
    }
    announcer.close();
    return state;
  }

  /**
   * Says why {@link #run} is going to be interrupted.
   *
   * @param reason for people at the seeder, who otherwise hear what the interruption broke; a part
   *     of a sentence
   */
  public void stopping(String reason) {
    stopping = reason;
  }

  /**
   * Tells the seeder that this migration has come to nothing, so that it waits for us no more. For
   * the time after {@link #run} was interrupted and has returned.
   *
   * @throws IOException when it does not hear of it
   */
  public void abandon() throws IOException {
    abort("it was stopped");
  }

  private void abort(String reason) throws IOException {
    @Nullable String why = stopping;
    seeder.abort(why == null ? reason : why);
  }

  private void become(LeecherState next) {
    boolean changed = !next.equals(state);
    state = next;
    if (runsHere()) {
      session.tolerate(RUNNING_PATIENCE);
    }
    if (changed) {
      announcer.announce(next);
    }
  }

  /** Whether the program may have run here, so that the state cannot go back. */
  private boolean runsHere() {
    return switch (state) {
      case LeecherState.Running _ -> true;
      case LeecherState.Finalizing finalizing ->
          finalizing.phase() == LeecherState.Phase.FETCHING_AGAIN
              || finalizing.phase() == LeecherState.Phase.RESUMING_AGAIN;
      default -> false;
    };
  }

  private void closeGate(String reason) {
    try {
      gate.fence("the state is not here: " + reason, Duration.ofSeconds(5));
    } catch (IOException e) {
      LOG.warn("accesses to the device did not end", e);
    }
  }

  private LeecherEvent execute(LeecherAction action) {
    try {
      return switch (action) {
        case LeecherAction.Track _ -> track();
        case LeecherAction.PullMissing _ -> pullMissing();
        case LeecherAction.AskRound ask -> askRound(ask.round());
        case LeecherAction.FlushCopy _ -> flushCopy();
        case LeecherAction.JournalToken token -> journalToken(token.token());
        case LeecherAction.AskFinalize ask -> askFinalize(ask.token());
        case LeecherAction.JournalHandover handed -> journalHandover(handed.generation());
        case LeecherAction.Resume _ -> resume();
        case LeecherAction.JournalDecline decline -> {
          journal.declined(decline.generation());
          yield new LeecherEvent.DeclineJournaled();
        }
        case LeecherAction.AskDecline decline -> {
          seeder.decline(decline.token(), decline.reason());
          yield new LeecherEvent.Declined();
        }
        case LeecherAction.JournalComplete complete -> {
          partial.flush();
          journal.taken(complete.generation());
          yield new LeecherEvent.CompleteJournaled();
        }
        case LeecherAction.AskRelease release -> {
          seeder.release(release.token());
          released();
          yield new LeecherEvent.Released();
        }
        case LeecherAction.AskAbort abort -> {
          abort(abort.reason());
          yield new LeecherEvent.Released();
        }
      };
    } catch (IOException e) {
      LOG.debug("{} failed", action, e);
      String reason = String.valueOf(e.getMessage());
      return isForgotten(e) ? new LeecherEvent.Forgotten(reason) : new LeecherEvent.Broke(reason);
    }
  }

  /** What led here is history. Without this, the seeder is told once more after a restart. */
  private void released() {
    try {
      journal.owned(generation);
    } catch (IOException e) {
      LOG.warn("that {} was released could not be noted", origin.resource(), e);
    }
  }

  /** Whether the seeder said that there is no such migration, of one that had begun. */
  private boolean isForgotten(IOException failure) {
    if (!(state instanceof LeecherState.Pulling)) {
      return false;
    }
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RemoteException refused && refused.code() == Failure.Code.CONFLICT) {
        return ++forgotten <= MAX_FORGOTTEN;
      }
    }
    return false;
  }

  private LeecherEvent track() throws IOException {
    boolean anew =
        switch (journal.ownership()) {
          case Ownership.Unknown _ -> false;
          // Journaled by who made the empty copy.
          case Ownership.Pulling begun -> tracked || !begun.equals(origin);
          default -> true;
        };
    tracked = true;
    if (anew) {
      // An earlier attempt left things here and at the seeder: this one has a name of its own.
      origin =
          new Ownership.Pulling(
              MigrationId.random(random), origin.seeder(), origin.resource(), origin.geometry());
      seeder = new SeederClient(session, origin.migration());
      checkSize(seeder.describe().getSize());
    }
    if (!origin.equals(journal.ownership())) {
      journal.pulling(origin);
    }
    if (anew) {
      progress.beginAnew();
    }
    checkPlace(seeder.track());
    // Asked after tracking has begun: what is written to a hole from now on is in a later list.
    BlockRuns data = seeder.extents(geometry.blocks());
    for (int i = 0; i < data.size(); i++) {
      partial.markMissing(data.from(i), data.to(i));
    }
    new Blanks(store, geometry, System::nanoTime, () -> checkPlace(seeder.track())).around(data);
    expect(data);
    return new LeecherEvent.Tracked();
  }

  /** With the same name and identity, a copy of the owner may offer another state. */
  private void checkPlace(ByteString now) throws IOException {
    ByteString before = place;
    place = now;
    if (before != null && !before.equals(now)) {
      String reason =
          origin.resource()
              + " is not offered from where it was: its owner was restarted, or there is a copy of it;"
              + " run the same command again if this is the right one";
      seeder.abort(reason);
      throw new IOException(reason);
    }
  }

  /** It may have become another state while it was not offered. */
  private void checkSize(long now) throws IOException {
    if (now != geometry.size()) {
      throw new IOException(
          origin.resource() + " has " + now + " bytes now, and had " + geometry.size());
    }
  }

  private void expect(BlockRuns runs) {
    long bytes = 0;
    for (int i = 0; i < runs.size(); i++) {
      bytes += geometry.bytes(runs.from(i), runs.to(i));
    }
    progress.expect(bytes);
    roundBytes = bytes;
    roundStart = System.nanoTime();
  }

  private LeecherEvent pullMissing() throws IOException {
    puller.pullMissing(runsHere() ? RUNNING_PATIENCE : PULL_PATIENCE);
    // Each time, so that little is left to flush when the program is about to be stopped, and so
    // little is written meanwhile.
    store.flush();
    return new LeecherEvent.Pulled();
  }

  private LeecherEvent askRound(int round) throws IOException {
    double seconds = Math.max(1e-6, (System.nanoTime() - roundStart) / 1e9);
    double rate = roundBytes == 0 ? window.bytesPerSecond() : roundBytes / seconds;
    long before = roundBytes;
    BlockRuns dirty = seeder.round(round, geometry.blocks());
    for (int i = 0; i < dirty.size(); i++) {
      partial.markMissing(dirty.from(i), dirty.to(i));
    }
    expect(dirty);
    RoundReport report = new RoundReport(round, roundBytes, before, rate, session.roundTrip());
    progress.round(round, roundBytes, rate, report.predictedDowntime(settings.postCopy()));
    return new LeecherEvent.RoundReceived(round, settings.policy().decide(report));
  }

  private LeecherEvent flushCopy() throws IOException {
    hook.prepare();
    hook.imminent();
    partial.flush();
    return new LeecherEvent.Flushed();
  }

  private LeecherEvent journalToken(MigrationId token) throws IOException {
    journal.finalizing(token, BlockRuns.of(partial.missing()));
    return new LeecherEvent.TokenJournaled();
  }

  private LeecherEvent askFinalize(MigrationId token) throws IOException {
    long start = System.nanoTime();
    while (true) {
      try {
        SeederClient.Handed handed = seeder.finalizeWith(token, geometry.blocks());
        answered = System.nanoTime();
        lateDirty = handed.dirty();
        handover =
            new Handover(
                handed.generation(),
                Duration.ofNanos(System.nanoTime() - start),
                handed.suspend(),
                handed.flush(),
                handed.journal(),
                Duration.ZERO,
                0);
        return new LeecherEvent.HandedOver(handed.generation());
      } catch (RemoteException e) {
        if (SeederClient.isRefusal(e)) {
          LOG.debug("the seeder keeps the state", e);
          return new LeecherEvent.HandoverRefused(String.valueOf(e.getMessage()));
        }
        if (e.code() != Failure.Code.BUSY) {
          throw e;
        }
      }
    }
  }

  private LeecherEvent journalHandover(long generation) throws IOException {
    for (int i = 0; i < lateDirty.size(); i++) {
      partial.markMissing(lateDirty.from(i), lateDirty.to(i));
    }
    expect(lateDirty);
    partial.logTo(journal::becameLocal);
    journal.running(generation, BlockRuns.of(partial.missing()));
    return new LeecherEvent.HandoverJournaled();
  }

  private LeecherEvent resume() throws IOException {
    long missing = 0;
    BlockRuns runs = BlockRuns.of(partial.missing());
    for (int i = 0; i < runs.size(); i++) {
      missing += geometry.bytes(runs.from(i), runs.to(i));
    }
    long writesBefore = gate.writes();
    gate.open();
    try {
      hook.resume();
    } catch (IOException e) {
      LOG.debug("the resume hook failed", e);
      String reason = "the program could not be resumed: " + e.getMessage();
      gate.fence("the program could not be resumed here", Duration.ofSeconds(30));
      if (gate.writes() != writesBefore) {
        gate.open();
        return new LeecherEvent.ResumeFailedAfterWrites(reason);
      }
      return new LeecherEvent.ResumeFailed(reason);
    }
    Handover before = handover;
    if (before != null) {
      handover =
          new Handover(
              before.generation(),
              before.asked(),
              before.suspend(),
              before.flush(),
              before.journal(),
              Duration.ofNanos(System.nanoTime() - answered),
              missing);
    }
    return new LeecherEvent.Resumed();
  }
}
