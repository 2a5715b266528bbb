package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.migration.FinalizePolicy.Decision;
import dev.godwit.migration.FinalizePolicy.PostCopy;
import dev.godwit.testing.Seeds;
import dev.godwit.wire.proto.Failure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Both state machines, each in a shell as small as can be, with disks, journals and a network that
 * are models: messages are lost, doubled, delayed and overtaken, either side dies between any two
 * actions and comes back with what its journal and disk kept. A program writes numbered versions
 * into blocks; what it was told is written must be there when it goes on.
 */
final class HandoverSimulation {
  /** Counted: a state is handed over while things fail. */
  static final String HANDOVER = "hand-over";

  /** Counted: the seeder dies after that. */
  static final String SEEDER_DIED = "seeder died after the hand-over";

  /** Counted: the leecher dies after that. */
  static final String LEECHER_DIED = "leecher died after the hand-over";

  /** Counted: the seeder hears that the leecher has everything. */
  static final String RELEASE = "release";

  private static final int FAULTY_STEPS = 3000;
  private static final int BLOCKS = 4;
  private static final ChunkGeometry GEOMETRY = new ChunkGeometry(BLOCKS * 512, 512, 512);

  private final Random random;
  private final Map<String, Integer> reached;
  private final PostCopy postCopy;
  private boolean faults = true;

  /** Some schedules get far before something happens, others hardly begin. */
  private final int calm;

  private final NodeId seederId;
  private final NodeId leecherId;
  private final List<String> story = new ArrayList<>();

  /** Requests under way to the seeder; a copy may stay here for ever. */
  private final List<Message> requests = new ArrayList<>();

  private final List<Runnable> replies = new ArrayList<>();
  private int version;
  private final int[] truth = new int[BLOCKS];
  private long highestGeneration = 1;
  private final Map<Long, String> owners = new HashMap<>();
  private final Map<MigrationId, Long> handed = new HashMap<>();
  private final Map<MigrationId, Long> returned = new HashMap<>();
  private final SeederShell seeder;
  private final LeecherShell leecher;

  /** Copies of a message share the caller, which takes the first answer. */
  private record Message(SeederEvent event, Caller caller) {}

  /** Who waits for an answer. */
  private interface Caller {
    void answered(Answer answer);
  }

  private sealed interface Answer {
    record Done() implements Answer {}

    record Tracked(Octets epoch) implements Answer {}

    record Round(BitSet dirty) implements Answer {}

    record Handed(long generation, BitSet dirty) implements Answer {}

    record Refused(String reason) implements Answer {}

    record Block(int block, int version) implements Answer {}

    record NoAnswer() implements Answer {}
  }

  /**
   * One run.
   *
   * @param reached counts what happened in which state, as "State<-Event", and the turns below
   */
  HandoverSimulation(Random random, Map<String, Integer> reached) {
    this.random = random;
    this.reached = reached;
    this.postCopy = random.nextBoolean() ? PostCopy.AUTO : PostCopy.NEVER;
    this.calm = 1 << random.nextInt(7);
    this.seederId = NodeId.of(Seeds.bytes(random, 32));
    this.leecherId = NodeId.of(Seeds.bytes(random, 32));
    this.seeder = new SeederShell();
    this.leecher = new LeecherShell();
    owners.put(1L, "seeder");
  }

  private Octets epoch() {
    return Octets.of(Seeds.bytes(random, 16));
  }

  private MigrationId id() {
    return new MigrationId(ByteString.copyFrom(Seeds.bytes(random, 16)));
  }

  private void reach(Object state, Object event) {
    count(state.getClass().getSimpleName() + "<-" + event.getClass().getSimpleName());
  }

  private void count(String what) {
    reached.merge(what, 1, Integer::sum);
  }

  /** Counts what happens while things fail; what happens afterwards says little. */
  private void countFaulty(String what) {
    if (faults) {
      count(what);
    }
  }

  private boolean chance(int oneIn) {
    return faults && random.nextInt(oneIn) == 0 && random.nextInt(calm) < 4;
  }

  private void tell(String what) {
    story.add(what);
  }

  void run() {
    try {
      for (int i = 0; i < FAULTY_STEPS && !over(); i++) {
        step();
      }
      faults = false;
      for (int i = 0; i < 4000 && !over(); i++) {
        step();
      }
      assertTrue(over(), () -> "no end: " + seeder.state + ", " + leecher.state);
      check();
      if (leecher.alive) {
        assertEquals(0, leecher.missing.cardinality());
        assertTrue(Arrays.equals(truth, leecher.copy), "the copy differs");
      }
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + String.join("\n", story), e);
    }
  }

  /**
   * Once nothing fails any more, the leecher gets the state, however often it has to begin. If it
   * dies before it has told the seeder that it has everything, the seeder keeps a copy too many.
   */
  private boolean over() {
    return leecher.alive
        ? leecher.state instanceof LeecherState.Complete
        : leecher.journal instanceof Ownership.Owned;
  }

  private void step() {
    switch (random.nextInt(faults ? 12 : 8)) {
      case 0, 1, 2 -> leecher.step();
      case 3, 4, 5 -> seeder.step();
      case 6 -> deliver();
      case 7 -> {
        if (random.nextInt(3) == 0) {
          write();
        } else {
          reply();
        }
      }
      case 8 -> {
        if (random.nextInt(2 * calm) == 0) {
          seeder.crash();
        }
      }
      case 9 -> {
        if (random.nextInt(2 * calm) == 0) {
          leecher.crash();
        }
      }
      case 10 -> {
        if (random.nextInt(calm) < 2) {
          lose();
        }
      }
      default -> seeder.leecherLost();
    }
    check();
  }

  private void deliver() {
    if (requests.isEmpty() || !seeder.alive) {
      return;
    }
    int index = random.nextInt(requests.size());
    Message message = requests.get(index);
    if (!chance(6)) {
      requests.remove(index);
    }
    seeder.inbox.add(message);
  }

  private void reply() {
    if (!replies.isEmpty()) {
      replies.remove(random.nextInt(replies.size())).run();
    }
  }

  private void lose() {
    if (!requests.isEmpty()) {
      requests.remove(random.nextInt(requests.size()));
    }
    if (!replies.isEmpty()) {
      replies.remove(random.nextInt(replies.size()));
    }
  }

  /** The program, wherever it runs, writes a block. */
  private void write() {
    int block = random.nextInt(BLOCKS);
    if (seeder.alive && seeder.programRuns) {
      assertTrue(seeder.open, "a program runs on a device that is shut");
      seeder.store[block] = ++version;
      truth[block] = version;
      if (seeder.tracked != null) {
        seeder.tracked.set(block);
      }
    } else if (leecher.alive && leecher.programRuns) {
      assertTrue(leecher.open);
      leecher.write(block);
    }
  }

  private void check() {
    boolean here = seeder.alive && seeder.programRuns;
    boolean there = leecher.alive && leecher.programRuns;
    assertFalse(here && there, "the program runs on both sides");
    boolean openHere = seeder.alive && seeder.open;
    boolean openThere = leecher.alive && leecher.open;
    assertFalse(openHere && openThere, "both devices are open");
    if (openHere) {
      assertEquals(highestGeneration, seeder.state.generation(), "an old generation is writable");
    }
    if (openThere) {
      assertEquals(highestGeneration, leecher.generation, "an old generation is writable");
    }
    if (seeder.alive && seeder.todo.isEmpty()) {
      boolean owns =
          seeder.state instanceof SeederState.Idle || seeder.state instanceof SeederState.Tracking;
      assertEquals(owns, here, () -> "runs: " + here + " although " + seeder.state);
      assertEquals(owns, openHere, () -> "open: " + openHere + " although " + seeder.state);
    }
  }

  /** Somebody has written down that a generation is its own. */
  private void owned(long generation, String who) {
    tell(who + " owns generation " + generation);
    assertTrue(generation >= highestGeneration, "a generation went down");
    highestGeneration = generation;
    String before = owners.putIfAbsent(generation, who);
    assertTrue(before == null || before.equals(who), "a generation has two owners");
  }

  private final class SeederShell {
    private boolean alive = true;
    private int[] store = new int[BLOCKS];
    private int[] flushed = new int[BLOCKS];
    private Ownership journal = new Ownership.Owned(1);
    private SeederState state = SeederMachine.restart(journal);
    private boolean programRuns = true;
    private boolean open = true;
    private @Nullable BitSet tracked;
    private BitSet listed = new BitSet();
    private BitSet late = new BitSet();
    private final Deque<Runnable> todo = new ArrayDeque<>();
    private final Deque<Message> inbox = new ArrayDeque<>();
    private final List<Caller> finalizers = new ArrayList<>();

    void step() {
      if (!alive) {
        restart();
      } else if (!todo.isEmpty()) {
        todo.removeFirst().run();
      } else if (!inbox.isEmpty()) {
        Message message = inbox.removeFirst();
        tell("seeder hears " + message.event());
        apply(named(message.event()), message.caller());
      } else if (state instanceof SeederState.Undecided) {
        // Somebody starts it again.
        crash();
      }
    }

    /** Whoever hears that it is to track gives the tracking its name. */
    private SeederEvent named(SeederEvent event) {
      return event instanceof SeederEvent.TrackAsked asked
          ? new SeederEvent.TrackAsked(asked.leecher(), asked.migration(), epoch())
          : event;
    }

    private void apply(SeederEvent event, Caller caller) {
      long before = state.generation();
      reach(state, event);
      SeederMachine.Step step = SeederMachine.next(state, event);
      state = step.state();
      assertTrue(state.generation() >= before, "the generation went down");
      // What an event asks for comes before what is left of the event that led to it.
      List<SeederAction> actions = step.actions();
      for (int i = actions.size() - 1; i >= 0; i--) {
        SeederAction action = actions.get(i);
        todo.addFirst(() -> execute(action, caller));
      }
    }

    private void execute(SeederAction action, Caller caller) {
      tell("seeder does " + action);
      switch (action) {
        case SeederAction.StartTracking _ -> tracked = new BitSet();
        case SeederAction.StopTracking _ -> tracked = null;
        case SeederAction.CollectRound _ -> listed = drain();
        case SeederAction.AnswerRound _ -> caller.answered(new Answer.Round(copy(listed)));
        case SeederAction.Suspend _ -> suspend(caller);
        case SeederAction.JournalHandover handover -> {
          if (chance(6)) {
            failedHandover(handover, caller);
            return;
          }
          keep(handover);
          todo.addFirst(() -> apply(new SeederEvent.HandoverJournaled(), caller));
        }
        case SeederAction.AnswerFinalize done -> {
          finalizers.add(caller);
          assertEquals(handed.get(token(state)), done.generation());
          finalizers.forEach(
              each -> each.answered(new Answer.Handed(done.generation(), copy(late))));
          finalizers.clear();
        }
        case SeederAction.FailFinalize failed -> {
          finalizers.forEach(each -> each.answered(new Answer.Refused(failed.reason())));
          finalizers.clear();
        }
        case SeederAction.DoubtFinalize _ -> {
          finalizers.forEach(each -> each.answered(new Answer.NoAnswer()));
          finalizers.clear();
        }
        case SeederAction.JournalReturn back -> journalReturn(back, caller);
        case SeederAction.ResumeProgram _ -> {
          assertTrue(Arrays.equals(truth, store), "writes were lost on the way back");
          open = true;
          programRuns = true;
        }
        case SeederAction.JournalRelease release -> release(release.generation());
        case SeederAction.AnswerTrack track -> caller.answered(new Answer.Tracked(track.epoch()));
        case SeederAction.Answer _ -> caller.answered(new Answer.Done());
        case SeederAction.AnswerLater _ -> finalizers.add(caller);
        // Only a conflict says for sure that the seeder does not do it.
        case SeederAction.Refuse refuse ->
            caller.answered(
                refuse.code() == Failure.Code.CONFLICT
                    ? new Answer.Refused(refuse.reason())
                    : new Answer.NoAnswer());
      }
    }

    private void keep(SeederAction.JournalHandover handover) {
      journal =
          new Ownership.HandedOver(
              handover.generation(),
              handover.migration(),
              handover.token(),
              handover.leecher(),
              runs(late));
      handed.put(handover.token(), handover.generation());
      countFaulty(HANDOVER);
    }

    private void release(long generation) {
      journal = new Ownership.Released(generation);
      countFaulty(RELEASE);
    }

    /** The entry is not there, or nobody knows, and it is there or not. */
    private void failedHandover(SeederAction.JournalHandover handover, Caller caller) {
      if (random.nextBoolean()) {
        apply(new SeederEvent.JournalFailed("full"), caller);
        return;
      }
      if (random.nextBoolean()) {
        keep(handover);
      }
      apply(new SeederEvent.JournalUndecided("broken"), caller);
    }

    private void suspend(Caller caller) {
      if (chance(5)) {
        // The hook may have stopped the program before it failed.
        programRuns = random.nextBoolean();
        apply(new SeederEvent.SuspendFailed("it does not listen"), caller);
        return;
      }
      programRuns = false;
      open = false;
      if (chance(6)) {
        apply(new SeederEvent.SuspendFailed("the disk does not flush"), caller);
        return;
      }
      flushed = store.clone();
      late = drain();
      todo.addFirst(() -> apply(new SeederEvent.Suspended(), caller));
    }

    private void journalReturn(SeederAction.JournalReturn back, Caller caller) {
      if (faults && random.nextInt(3) == 0) {
        // As in the shell: the answer is a failure, and the rest of the step finds it answered.
        caller.answered(new Answer.NoAnswer());
        todo.clear();
        return;
      }
      MigrationId token = token(state);
      Long before = returned.putIfAbsent(token, back.generation());
      assertTrue(before == null || before == back.generation(), "a state came back twice");
      journal = new Ownership.Owned(back.generation());
      owned(back.generation(), "seeder");
      todo.addFirst(() -> apply(new SeederEvent.ReturnJournaled(), caller));
    }

    private @Nullable MigrationId token(SeederState of) {
      return switch (of) {
        case SeederState.HandedOver given -> given.token();
        case SeederState.Returning returning -> returning.token();
        default -> null;
      };
    }

    private BitSet drain() {
      BitSet taken = Objects.requireNonNull(tracked, "not tracking");
      tracked = new BitSet();
      return taken;
    }

    /** Reads are answered beside the thread, from whatever is in the store. */
    void read(int block, Caller caller) {
      boolean allowed =
          alive
              && (state instanceof SeederState.Tracking
                  || state instanceof SeederState.Finalized
                  || state instanceof SeederState.HandedOver
                  || state instanceof SeederState.Returning);
      caller.answered(
          allowed ? new Answer.Block(block, store[block]) : new Answer.Refused("no migration"));
    }

    /** A seeder that has released its copy has no reason to come back. */
    boolean gone() {
      return !alive && journal instanceof Ownership.Released;
    }

    void leecherLost() {
      if (alive
          && todo.isEmpty()
          && state instanceof SeederState.Tracking tracking
          && random.nextInt(40 * calm) == 0) {
        tell("seeder hears nothing any more");
        apply(new SeederEvent.LeecherLost(tracking.migration()), answer -> {});
      }
    }

    void crash() {
      if (!alive) {
        return;
      }
      tell("seeder dies in " + state);
      if (state instanceof SeederState.HandedOver) {
        countFaulty(SEEDER_DIED);
      }
      alive = false;
      boolean ours = journal instanceof Ownership.Owned;
      for (int block = 0; block < BLOCKS; block++) {
        if (random.nextBoolean()) {
          store[block] = flushed[block];
        }
        if (ours) {
          // What was not flushed may be lost, and the program finds what is there.
          truth[block] = store[block];
        }
      }
      flushed = store.clone();
      todo.clear();
      inbox.clear();
      requests.clear();
      finalizers.clear();
      tracked = null;
      listed = new BitSet();
      late = new BitSet();
      programRuns = false;
      open = false;
    }

    private void restart() {
      if (gone()) {
        return;
      }
      state = SeederMachine.restart(journal);
      tell("seeder is back in " + state);
      alive = true;
      if (journal instanceof Ownership.HandedOver given) {
        late = set(given.dirty());
      } else {
        programRuns = true;
        open = true;
      }
    }
  }

  private final class LeecherShell {
    private boolean alive;
    private int[] copy = new int[BLOCKS];
    private int[] flushed = new int[BLOCKS];
    private Ownership journal = new Ownership.Unknown();
    private BitSet missing = new BitSet();
    private LeecherState state = new LeecherState.Connecting();
    private LeecherMachine machine = new LeecherMachine(id(), postCopy);
    private Optional<LeecherAction> action = Optional.empty();
    private MigrationId migration = id();

    /** From the answer to the last Track of this life. */
    private Octets epoch = Octets.of();

    private long generation;
    private boolean programRuns;
    private boolean open;
    private BitSet late = new BitSet();

    /** What a crash may leave of each block. */
    private final List<List<Integer>> possible = new ArrayList<>();

    /** The number of the present call; answers to others are of no interest. */
    private int call;

    private boolean waiting;
    private @Nullable Runnable again;
    private final BitSet logged = new BitSet();

    void step() {
      if (!alive) {
        begin();
      } else if (waiting) {
        if (chance(12) || seeder.gone()) {
          finished(new LeecherEvent.Broke("no answer"));
        } else if (random.nextInt(faults ? 6 : 40) == 0) {
          Objects.requireNonNull(again).run();
        }
      } else if (action.isPresent()) {
        execute(action.get());
      } else if (!(state instanceof LeecherState.Complete)) {
        // Over without success: somebody starts it again.
        crash();
      }
    }

    private void begin() {
      if (journal instanceof Ownership.Owned) {
        return;
      }
      tell("leecher begins with a journal that is " + journal.word());
      alive = true;
      machine = new LeecherMachine(id(), postCopy);
      migration = id();
      epoch = Octets.of();
      generation = 0;
      missing = new BitSet();
      switch (journal) {
        case Ownership.Finalizing finalizing -> {
          migration = finalizing.pulling().migration();
          missing = set(finalizing.missing());
        }
        case Ownership.Running running -> {
          migration = running.origin().pulling().migration();
          missing = set(running.missing());
          generation = running.generation();
          found();
        }
        case Ownership.Taken taken -> {
          migration = taken.origin().pulling().migration();
          generation = taken.generation();
          found();
        }
        case Ownership.Declined declined -> {
          migration = declined.origin().pulling().migration();
          generation = declined.generation();
        }
        default -> {}
      }
      LeecherMachine.Step step = machine.restart(journal);
      state = step.state();
      action = step.action();
    }

    /** What a restarted owner finds must be what was flushed, or written after that. */
    private void found() {
      for (int block = 0; block < BLOCKS; block++) {
        int found = missing.get(block) ? seeder.store[block] : copy[block];
        assertTrue(
            possible.get(block).contains(found),
            "block " + block + " came back as " + found + " and not one of " + possible.get(block));
        truth[block] = found;
      }
    }

    private void flush() {
      flushed = copy.clone();
      logged.clear();
      for (int block = 0; block < BLOCKS; block++) {
        if (!missing.get(block)) {
          logged.set(block);
        }
      }
      if (journal instanceof Ownership.Running running) {
        BitSet left = set(running.missing());
        left.andNot(logged);
        journal = new Ownership.Running(running.generation(), running.origin(), runs(left));
        settled();
      } else if (journal instanceof Ownership.Taken) {
        settled();
      }
    }

    /** From now on a crash leaves what is true now. */
    private void settled() {
      possible.clear();
      for (int block = 0; block < BLOCKS; block++) {
        possible.add(new ArrayList<>(List.of(truth[block])));
      }
    }

    void write(int block) {
      copy[block] = ++version;
      missing.clear(block);
      truth[block] = version;
      possible.get(block).add(version);
      if (random.nextInt(3) == 0) {
        flush();
      }
    }

    void crash() {
      if (!alive || state instanceof LeecherState.Complete) {
        return;
      }
      tell("leecher ends in " + state);
      if (journal instanceof Ownership.Running || journal instanceof Ownership.Taken) {
        countFaulty(LEECHER_DIED);
      }
      alive = false;
      programRuns = false;
      open = false;
      waiting = false;
      call++;
      replies.clear();
      for (int block = 0; block < BLOCKS; block++) {
        if (random.nextBoolean()) {
          copy[block] = flushed[block];
        }
      }
      flushed = copy.clone();
    }

    private void finished(LeecherEvent event) {
      waiting = false;
      call++;
      tell("leecher hears " + event);
      if (event instanceof LeecherEvent.HandedOver given) {
        generation = given.generation();
      }
      reach(state, event);
      LeecherMachine.Step step = machine.next(state, event, generation);
      state = step.state();
      action = step.action();
      tell("leecher is " + state);
    }

    private void ask(SeederEvent event, Consumer<Answer> then) {
      int mine = ++call;
      waiting = true;
      Caller caller =
          answer ->
              replies.add(
                  () -> {
                    if (alive && waiting && call == mine) {
                      if (answer instanceof Answer.NoAnswer) {
                        finished(new LeecherEvent.Broke("the seeder failed"));
                      } else {
                        then.accept(answer);
                      }
                    }
                  });
      again = () -> requests.add(new Message(event, caller));
      again.run();
    }

    private void broken(Answer answer) {
      if (answer instanceof Answer.Refused(String reason)
          && state instanceof LeecherState.Pulling) {
        finished(new LeecherEvent.Forgotten(reason));
        return;
      }
      finished(
          new LeecherEvent.Broke(answer instanceof Answer.Refused r ? r.reason() : "nonsense"));
    }

    private void done(SeederEvent event, LeecherEvent then) {
      ask(
          event,
          answer -> {
            if (answer instanceof Answer.Done) {
              finished(then);
            } else {
              broken(answer);
            }
          });
    }

    private void execute(LeecherAction what) {
      tell("leecher does " + what);
      switch (what) {
        case LeecherAction.Track _ -> track();
        case LeecherAction.PullMissing _ -> pull();
        case LeecherAction.AskRound round -> askRound(round.round());
        case LeecherAction.FlushCopy _ -> {
          flush();
          finished(new LeecherEvent.Flushed());
        }
        case LeecherAction.JournalToken token ->
            journaled(
                () ->
                    journal =
                        new Ownership.Finalizing(
                            (Ownership.Pulling) journal, token.token(), runs(missing)),
                new LeecherEvent.TokenJournaled());
        case LeecherAction.AskFinalize finalize -> askFinalize(finalize.token());
        case LeecherAction.JournalHandover given -> journalHandover(given.generation());
        case LeecherAction.Resume _ -> resume();
        case LeecherAction.JournalDecline decline ->
            journaled(
                () ->
                    journal =
                        new Ownership.Declined(
                            decline.generation(), ((Ownership.Running) journal).origin()),
                new LeecherEvent.DeclineJournaled());
        case LeecherAction.AskDecline decline ->
            done(
                new SeederEvent.DeclineAsked(migration, decline.token(), "not here"),
                new LeecherEvent.Declined());
        case LeecherAction.JournalComplete complete -> {
          flush();
          journaled(() -> taken(complete.generation()), new LeecherEvent.CompleteJournaled());
        }
        case LeecherAction.AskRelease release -> askRelease(release.token());
        case LeecherAction.AskAbort _ ->
            done(new SeederEvent.AbortAsked(migration, "no more"), new LeecherEvent.Released());
      }
    }

    private void taken(long given) {
      if (journal instanceof Ownership.Running running) {
        journal = new Ownership.Taken(given, running.origin());
      }
    }

    private void askRelease(MigrationId token) {
      ask(
          new SeederEvent.ReleaseAsked(migration, token),
          answer -> {
            if (answer instanceof Answer.Done) {
              // Noted if it can be: without that the seeder hears it once more.
              if (!chance(4)) {
                journal = new Ownership.Owned(generation);
              }
              finished(new LeecherEvent.Released());
            } else {
              broken(answer);
            }
          });
    }

    /** A journal that fails may have kept the entry or not. */
    private void journaled(Runnable entry, LeecherEvent then) {
      boolean fails = chance(8);
      if (!fails || random.nextBoolean()) {
        entry.run();
      }
      finished(fails ? new LeecherEvent.Broke("the journal failed") : then);
    }

    private void track() {
      if (!(journal instanceof Ownership.Unknown)) {
        migration = id();
      }
      journal = new Ownership.Pulling(migration, seederId, "disk", GEOMETRY);
      // Garbage, so that nothing of it may be taken for state.
      Arrays.fill(copy, -1);
      ask(
          new SeederEvent.TrackAsked(leecherId, migration, Octets.of()),
          answer -> {
            if (answer instanceof Answer.Tracked tracked) {
              epoch = tracked.epoch();
              finished(new LeecherEvent.Tracked());
            } else {
              broken(answer);
            }
          });
      missing.set(0, BLOCKS);
    }

    private void pull() {
      int block = missing.nextSetBit(0);
      if (block < 0) {
        finished(new LeecherEvent.Pulled());
        return;
      }
      int mine = ++call;
      waiting = true;
      Caller caller =
          answer ->
              replies.add(
                  () -> {
                    if (!alive || !waiting || call != mine) {
                      return;
                    }
                    waiting = false;
                    if (answer instanceof Answer.Block got) {
                      if (missing.get(got.block())) {
                        copy[got.block()] = got.version();
                        missing.clear(got.block());
                      }
                    } else {
                      broken(answer);
                    }
                  });
      again =
          () -> {
            if (seeder.alive) {
              seeder.read(block, caller);
            }
          };
      again.run();
    }

    private void askRound(int round) {
      ask(
          new SeederEvent.RoundAsked(migration, epoch, round),
          answer -> {
            if (answer instanceof Answer.Round got) {
              missing.or(got.dirty());
              finished(
                  new LeecherEvent.RoundReceived(
                      round, random.nextInt(3) == 0 ? Decision.ANOTHER_ROUND : Decision.FINALIZE));
            } else {
              broken(answer);
            }
          });
    }

    private void askFinalize(MigrationId token) {
      ask(
          new SeederEvent.FinalizeAsked(migration, epoch, token),
          answer -> {
            switch (answer) {
              case Answer.Handed given -> {
                late = given.dirty();
                finished(new LeecherEvent.HandedOver(given.generation()));
              }
              case Answer.Refused refused ->
                  finished(new LeecherEvent.HandoverRefused(refused.reason()));
              default -> broken(answer);
            }
          });
    }

    private void journalHandover(long given) {
      missing.or(late);
      for (int block = 0; block < BLOCKS; block++) {
        int found = missing.get(block) ? seeder.store[block] : copy[block];
        assertEquals(truth[block], found, "block " + block + " lost a write on the way here");
        if (!missing.get(block)) {
          assertEquals(flushed[block], copy[block], "a block that is called local is not durable");
        }
      }
      journaled(
          () -> {
            owned(given, "leecher");
            journal = new Ownership.Running(given, (Ownership.Finalizing) journal, runs(missing));
            settled();
          },
          new LeecherEvent.HandoverJournaled());
    }

    private void resume() {
      assertTrue(
          journal instanceof Ownership.Running || journal instanceof Ownership.Taken,
          "resumed without owning the state");
      if (postCopy == PostCopy.NEVER) {
        assertEquals(0, missing.cardinality(), "the program runs before everything is here");
      }
      open = true;
      programRuns = true;
      if (faults && random.nextInt(3) == 0) {
        boolean wrote = random.nextBoolean();
        if (wrote) {
          write(random.nextInt(BLOCKS));
        }
        programRuns = false;
        open = wrote;
        finished(
            wrote
                ? new LeecherEvent.ResumeFailedAfterWrites("it fell over")
                : new LeecherEvent.ResumeFailed("no such program"));
      } else {
        finished(new LeecherEvent.Resumed());
      }
    }
  }

  private static BitSet copy(BitSet set) {
    BitSet copy = new BitSet();
    copy.or(set);
    return copy;
  }

  private static BlockRuns runs(BitSet set) {
    BlockRuns runs = new BlockRuns();
    for (int block = set.nextSetBit(0); block >= 0; block = set.nextSetBit(block + 1)) {
      runs.add(block, block + 1);
    }
    return runs;
  }

  private static BitSet set(BlockRuns runs) {
    BitSet set = new BitSet();
    for (int i = 0; i < runs.size(); i++) {
      set.set(runs.from(i), runs.to(i));
    }
    return set;
  }
}
