package dev.godwit.migration;

import dev.godwit.backend.Backend;
import dev.godwit.backend.RememberingBackend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.chunk.TrackingBackend;
import dev.godwit.identity.Octets;
import dev.godwit.log.UndecidedLogException;
import dev.godwit.membership.Capability;
import dev.godwit.pull.RangeService;
import dev.godwit.session.Call;
import dev.godwit.session.Peer;
import dev.godwit.session.RemoteException;
import dev.godwit.session.RequestHandler;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The giving side of a migration: answers a leecher's requests and does what {@link SeederMachine}
 * says. Reads are answered at once by whoever asks; everything that changes the state goes through
 * one thread, which is the only one that calls the machine, the hook and the journal.
 *
 * <p>The {@link #device} is what the program writes to. It works while the state is ours and fails
 * from the moment at which it is finalized.
 */
public final class Seeder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Seeder.class);

  private final String resource;
  private final ChunkGeometry geometry;
  private final SeederRequests requests;
  private final TrackingBackend tracking;
  private final LockedBackend gate;
  private final Journal journal;
  private final ProgramHook hook;
  private final Standstill standstill;
  private final Duration leecherTimeout;
  private final LinkedBlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
  private final Announcer<SeederState> announcer = new Announcer<>();
  private final Setback setback;
  private volatile boolean closed;
  private volatile long lastHeard = System.nanoTime();
  private volatile SeederState state;

  // Touched by the thread only.
  private final List<CompletableFuture<SeederAnswer>> finalizers = new ArrayList<>();
  private Standstill.Reached reached = Standstill.Reached.NONE;
  private long journalNanos;

  /** The list of the last round, for its further pages. */
  private volatile RoundList listed = new RoundList(-1, new BlockRuns());

  /** Something for the thread to do; an event, and who waits for the answer. */
  private record Task(SeederEvent event, CompletableFuture<SeederAnswer> answer) {}

  /**
   * Begins to serve. The journal must say that the state is ours, or that it was handed over and
   * the leecher may still need our copy.
   *
   * @param resource its name, for messages and permissions
   * @param store where the bytes are; closed by the caller
   * @param leecherTimeout how long a leecher may be silent before its migration is given up
   * @param place tells this folder of this machine from another one with the same identity
   * @param random names trackings
   * @throws IOException when the journal cannot be written
   */
  public Seeder(
      String resource,
      ChunkGeometry geometry,
      Backend store,
      Journal journal,
      ProgramHook hook,
      Duration leecherTimeout,
      Octets place,
      SecureRandom random)
      throws IOException {
    this.resource = resource;
    this.geometry = geometry;
    Backend remembering = new RememberingBackend(store, resource);
    RangeService ranges = new RangeService(remembering, geometry);
    this.requests = new SeederRequests(this, ranges, geometry, place, random);
    this.journal = journal;
    this.hook = hook;
    this.leecherTimeout = leecherTimeout;
    this.setback = new Setback(leecherTimeout);
    this.tracking = new TrackingBackend(remembering, geometry);
    this.gate = new LockedBackend(tracking, Duration.ZERO, LockedBackend.State.OPEN);
    this.standstill = new Standstill(resource, hook, remembering, tracking, gate);
    this.state = SeederMachine.restart(journal.ownership());
    if (journal.ownership() instanceof Ownership.HandedOver given) {
      reached = new Standstill.Reached(given.dirty(), 0, 0);
      listed = new RoundList(0, given.dirty());
      gate.fence(fenceReason(given.leecher().shortForm()), Duration.ofSeconds(1));
    }
    Thread.ofVirtual().name("seeder-" + resource).start(this::work);
  }

  private String fenceReason(String leecher) {
    return resource + " was handed over to " + leecher;
  }

  /** Why the last migration came to nothing; empty when there was none, or nobody said why. */
  public String whyHere() {
    return setback.why();
  }

  /** What the program writes to. */
  public Backend device() {
    return gate;
  }

  /** How often {@link #device} was written to. */
  public long writes() {
    return gate.writes();
  }

  /** What it is doing. */
  public SeederState state() {
    return state;
  }

  /** Its name. */
  public String resource() {
    return resource;
  }

  /** Bytes in the resource. */
  public long size() {
    return geometry.size();
  }

  /** Calls {@code listener} at every change of state, in order, on a thread of its own. */
  public void onChange(Consumer<SeederState> listener) {
    announcer.add(listener);
  }

  /** The protocol that {@link #handler} answers. */
  public static String protocol() {
    return Operation.PROTOCOL;
  }

  /**
   * What answers the requests of one peer.
   *
   * @throws RemoteException when the peer may not migrate the resource
   */
  public RequestHandler handler(Peer peer) throws RemoteException {
    peer.require(resource, Capability.MIGRATE);
    return this::handle;
  }

  private void handle(Call call) throws IOException {
    if (closed) {
      throw new RemoteException(
          Failure.Code.NO_SUCH_RESOURCE, resource + " is not served any more");
    }
    // Only the leecher itself: while others ask, it may be dead.
    if (state.migratesTo().filter(call.peer().id()::equals).isPresent()) {
      lastHeard = System.nanoTime();
    }
    requests.handle(call);
  }

  /** Gives an event to the thread; completes with its answer. */
  CompletableFuture<SeederAnswer> tell(SeederEvent event) {
    CompletableFuture<SeederAnswer> answer = new CompletableFuture<>();
    tasks.add(new Task(event, answer));
    return answer;
  }

  /** The list of the last round. */
  RoundList listed() {
    return listed;
  }

  private void work() {
    while (!closed) {
      try {
        Task task = tasks.poll(1, TimeUnit.SECONDS);
        if (task != null) {
          run(task);
        }
        watchLeecher();
      } catch (InterruptedException e) {
        LOG.debug("the seeder's thread ends", e);
        return;
      } catch (RuntimeException e) {
        LOG.error("the seeder failed", e);
      }
    }
  }

  private void watchLeecher() {
    if (state instanceof SeederState.Tracking tracked
        && System.nanoTime() - lastHeard > leecherTimeout.toNanos()) {
      LOG.info("nothing heard of {} any more", tracked.leecher().shortForm());
      run(new Task(new SeederEvent.LeecherLost(tracked.migration()), new CompletableFuture<>()));
    }
  }

  private void run(Task task) {
    try {
      apply(task.event(), task.answer());
    } catch (RuntimeException e) {
      task.answer().completeExceptionally(e);
      throw e;
    }
  }

  private void apply(SeederEvent event, CompletableFuture<SeederAnswer> answer) {
    SeederMachine.Step step = SeederMachine.next(state, event);
    LOG.debug("{} -> {}", event, step);
    setback.note(state, step.state(), event);
    become(step.state());
    for (SeederAction action : step.actions()) {
      @Nullable SeederEvent outcome = execute(action, answer);
      if (outcome != null) {
        apply(outcome, answer);
      }
    }
  }

  /**
   * Now, so that the hand-over will be appended, which takes less time and is undone when it fails.
   */
  private void ownBeforeHandover() {
    if (journal.ownership() instanceof Ownership.Unknown) {
      try {
        journal.owned(state.generation());
      } catch (IOException e) {
        LOG.warn("{} cannot be handed over: {}", resource, e.toString());
      }
    }
  }

  private void become(SeederState next) {
    boolean changed = !next.equals(state);
    state = next;
    if (changed) {
      announcer.announce(next);
    }
  }

  private @Nullable SeederEvent execute(
      SeederAction action, CompletableFuture<SeederAnswer> answer) {
    switch (action) {
      case SeederAction.StartTracking _ -> {
        lastHeard = System.nanoTime();
        ownBeforeHandover();
        tracking.start();
        hook.prepare();
        listed = new RoundList(-1, new BlockRuns());
      }
      case SeederAction.StopTracking _ -> tracking.stop();
      case SeederAction.CollectRound round ->
          listed = new RoundList(round.round(), BlockRuns.of(tracking.drain()));
      case SeederAction.AnswerRound round ->
          answer.complete(new SeederAnswer.Round(round.round(), listed.runs()));
      case SeederAction.Suspend _ -> {
        return suspend();
      }
      case SeederAction.JournalHandover handover -> {
        return journalHandover(handover);
      }
      case SeederAction.AnswerFinalize finalized -> {
        listed = new RoundList(0, reached.late());
        finalizers.add(answer);
        answerFinalizers(
            new SeederAnswer.Finalized(
                finalized.generation(),
                reached.late(),
                reached.suspendNanos(),
                reached.flushNanos(),
                journalNanos));
      }
      case SeederAction.FailFinalize failed ->
          answerFinalizers(new SeederAnswer.Refused(Failure.Code.CONFLICT, failed.reason()));
      case SeederAction.DoubtFinalize doubt ->
          answerFinalizers(new SeederAnswer.Refused(Failure.Code.IO, doubt.reason()));
      case SeederAction.JournalReturn back -> {
        return journalReturn(back.generation(), answer);
      }
      case SeederAction.ResumeProgram _ -> resumeProgram();
      case SeederAction.JournalRelease release -> journalRelease(release.generation(), answer);
      case SeederAction.AnswerTrack track ->
          answer.complete(new SeederAnswer.Tracked(track.epoch()));
      case SeederAction.Answer _ -> answer.complete(new SeederAnswer.Done());
      case SeederAction.AnswerLater _ -> finalizers.add(answer);
      case SeederAction.Refuse refuse ->
          answer.complete(new SeederAnswer.Refused(refuse.code(), refuse.reason()));
    }
    return null;
  }

  private void answerFinalizers(SeederAnswer answer) {
    for (CompletableFuture<SeederAnswer> waiting : finalizers) {
      waiting.complete(answer);
    }
    finalizers.clear();
  }

  private SeederEvent suspend() {
    try {
      reached = standstill.reach();
      return new SeederEvent.Suspended();
    } catch (UnfitForHandoverException e) {
      return new SeederEvent.SuspendFailed(String.valueOf(e.getMessage()));
    }
  }

  private SeederEvent journalHandover(SeederAction.JournalHandover handover) {
    long start = System.nanoTime();
    try {
      journal.handedOver(
          new Ownership.HandedOver(
              handover.generation(),
              handover.migration(),
              handover.token(),
              handover.leecher(),
              reached.late()));
      journalNanos = System.nanoTime() - start;
      return new SeederEvent.HandoverJournaled();
    } catch (UndecidedLogException e) {
      LOG.error("whether {} was handed over is not known: {}", resource, e.toString());
      return new SeederEvent.JournalUndecided(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      LOG.warn("journaling the hand-over of {} failed: {}", resource, e.toString());
      return new SeederEvent.JournalFailed(String.valueOf(e.getMessage()));
    }
  }

  private @Nullable SeederEvent journalReturn(
      long generation, CompletableFuture<SeederAnswer> answer) {
    try {
      journal.owned(generation);
      return new SeederEvent.ReturnJournaled();
    } catch (IOException e) {
      LOG.error("{} came back, but that could not be journaled", resource, e);
      answer.complete(
          new SeederAnswer.Refused(Failure.Code.IO, "the journal failed: " + e.getMessage()));
      return null;
    }
  }

  private void resumeProgram() {
    gate.open();
    try {
      hook.resume();
    } catch (IOException e) {
      LOG.error("the program that uses {} could not be resumed: {}", resource, e.getMessage());
    }
  }

  private void journalRelease(long generation, CompletableFuture<SeederAnswer> answer) {
    try {
      journal.released(generation);
    } catch (IOException e) {
      // Our copy is not needed by anyone; the journal then says that it still is. Who asked has to
      // remember that, for the day on which it is asked whether it has everything.
      LOG.warn("the release of {} could not be journaled: {}", resource, e.toString());
      answer.complete(
          new SeederAnswer.Refused(Failure.Code.IO, "the release could not be made durable"));
    }
  }

  /** Stops serving. The program, if it runs here, keeps its device until that is closed. */
  @Override
  public void close() {
    // No interrupt: it would close the files that the thread is working with.
    closed = true;
    announcer.close();
  }
}
