package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;
import dev.godwit.migration.FinalizePolicy.Decision;
import dev.godwit.migration.FinalizePolicy.PostCopy;
import dev.godwit.testing.Seeds;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LeecherMachineTest {
  private static final MigrationId TOKEN = new MigrationId(ByteString.copyFrom(new byte[16]));
  private static final Ownership.Pulling PULLING =
      new Ownership.Pulling(
          TOKEN, NodeId.of(new byte[32]), "disk", new ChunkGeometry(512, 512, 512));

  /** One leecher with a journal, whose every action succeeds or fails as the dice say. */
  private static final class Run {
    private final Random random;
    private final PostCopy postCopy;
    private Ownership journal = PULLING;
    private boolean mayHaveRun;
    private long generation;

    Run(Random random) {
      this.random = random;
      this.postCopy = random.nextBoolean() ? PostCopy.AUTO : PostCopy.NEVER;
    }

    /** Until the end or a crash; what the journal says then is left. */
    LeecherState go() {
      MigrationId token = new MigrationId(ByteString.copyFrom(Seeds.bytes(random, 16)));
      LeecherMachine machine = new LeecherMachine(token, postCopy);
      generation = journal.generation();
      LeecherMachine.Step step = machine.restart(journal);
      int steps = 0;
      while (step.action().isPresent() && random.nextInt(40) != 0) {
        assertTrue(++steps < 400, "it does not end");
        LeecherEvent event = execute(step.action().get());
        if (event instanceof LeecherEvent.HandedOver given) {
          generation = given.generation();
        }
        LeecherState before = step.state();
        step = machine.next(before, event, generation);
        if (step.state() instanceof LeecherState.Running) {
          mayHaveRun = true;
        }
      }
      return step.state();
    }

    /** After the hand-over, the shell does not take a refusal for being forgotten. */
    private LeecherEvent brokeOrForgotten() {
      return generation == 0 && random.nextBoolean()
          ? new LeecherEvent.Forgotten("x")
          : new LeecherEvent.Broke("x");
    }

    private LeecherEvent execute(LeecherAction action) {
      boolean fails = random.nextInt(15) == 0;
      LeecherEvent broke = new LeecherEvent.Broke("x");
      return switch (action) {
        case LeecherAction.Track _ -> {
          assertTrue(!mayHaveRun, "begins anew although the program may have run here");
          journal = PULLING;
          yield fails ? broke : new LeecherEvent.Tracked();
        }
        case LeecherAction.PullMissing _ -> fails ? brokeOrForgotten() : new LeecherEvent.Pulled();
        case LeecherAction.AskRound ask ->
            fails
                ? brokeOrForgotten()
                : new LeecherEvent.RoundReceived(
                    ask.round(),
                    random.nextInt(3) == 0 ? Decision.ANOTHER_ROUND : Decision.FINALIZE);
        case LeecherAction.FlushCopy _ -> fails ? broke : new LeecherEvent.Flushed();
        case LeecherAction.JournalToken token -> {
          journal = new Ownership.Finalizing(PULLING, token.token(), new BlockRuns());
          yield fails ? broke : new LeecherEvent.TokenJournaled();
        }
        case LeecherAction.AskFinalize ask -> {
          Ownership.Finalizing asked = assertInstanceOf(Ownership.Finalizing.class, journal);
          assertEquals(asked.token(), ask.token(), "asked before the token was journaled");
          yield fails
              ? broke
              : random.nextInt(4) == 0
                  ? new LeecherEvent.HandoverRefused("no")
                  : new LeecherEvent.HandedOver(2);
        }
        case LeecherAction.JournalHandover given -> {
          journal =
              new Ownership.Running(
                  given.generation(), (Ownership.Finalizing) journal, new BlockRuns());
          yield fails ? broke : new LeecherEvent.HandoverJournaled();
        }
        case LeecherAction.Resume _ -> {
          assertInstanceOf(Ownership.Running.class, journal, "resumed what is not ours");
          if (random.nextInt(3) != 0) {
            mayHaveRun = true;
            yield new LeecherEvent.Resumed();
          }
          boolean wrote = random.nextBoolean();
          mayHaveRun |= wrote;
          yield wrote
              ? new LeecherEvent.ResumeFailedAfterWrites("x")
              : new LeecherEvent.ResumeFailed("x");
        }
        case LeecherAction.JournalDecline decline -> {
          assertTrue(!mayHaveRun, "gives back what the program may have changed");
          journal =
              new Ownership.Declined(decline.generation(), ((Ownership.Running) journal).origin());
          yield fails ? broke : new LeecherEvent.DeclineJournaled();
        }
        case LeecherAction.AskDecline _ -> {
          assertInstanceOf(Ownership.Declined.class, journal, "declined before it was journaled");
          yield fails ? broke : new LeecherEvent.Declined();
        }
        case LeecherAction.JournalComplete complete -> {
          journal = new Ownership.Owned(complete.generation());
          yield fails ? broke : new LeecherEvent.CompleteJournaled();
        }
        case LeecherAction.AskRelease _ -> {
          assertInstanceOf(Ownership.Owned.class, journal, "released before it was journaled");
          yield fails ? broke : new LeecherEvent.Released();
        }
        case LeecherAction.AskAbort _ -> fails ? broke : new LeecherEvent.Released();
      };
    }
  }

  @Test
  void everyScheduleOfFailuresAndCrashesEndsAndNeverGivesBackWhatWasUsed() {
    Seeds.each(
        20_000,
        random -> {
          Run run = new Run(random);
          for (int i = 0; i < 200; i++) {
            run.go();
            if (run.journal instanceof Ownership.Owned) {
              return;
            }
          }
          throw new AssertionError("never complete; the journal is " + run.journal.word());
        });
  }

  @Test
  void anEventThatDoesNotFitChangesNothing() {
    LeecherMachine machine = new LeecherMachine(TOKEN, PostCopy.AUTO);
    List<LeecherState> states =
        List.of(
            new LeecherState.Connecting(),
            new LeecherState.Pulling(1),
            new LeecherState.Finalizing(TOKEN, LeecherState.Phase.ASKING),
            new LeecherState.Running(2, TOKEN, LeecherState.Stage.FLUSHING),
            new LeecherState.Declining(2, TOKEN, "x", LeecherState.ReturnPhase.TELLING),
            new LeecherState.Complete(2),
            new LeecherState.Failed("x", LeecherState.Where.SEEDER));
    List<LeecherEvent> never =
        List.of(new LeecherEvent.HandoverJournaled(), new LeecherEvent.DeclineJournaled());
    for (LeecherState state : states) {
      for (LeecherEvent event : never) {
        LeecherMachine.Step step = machine.next(state, event, 2);
        assertEquals(state, step.state());
        assertEquals(Optional.empty(), step.action());
      }
    }
  }

  private static final Ownership.Finalizing FINALIZING =
      new Ownership.Finalizing(PULLING, TOKEN, new BlockRuns());

  @Test
  void aRestartAfterTheQuestionAsksAgainWithTheSameToken() {
    LeecherMachine machine = new LeecherMachine(PULLING.migration(), PostCopy.AUTO);
    LeecherMachine.Step step = machine.restart(FINALIZING);
    assertEquals(Optional.of(new LeecherAction.AskFinalize(TOKEN)), step.action());
    LeecherMachine.Step refused =
        machine.next(step.state(), new LeecherEvent.HandoverRefused("no"), 0);
    assertEquals(Optional.of(new LeecherAction.Track()), refused.action());
  }

  @Test
  void aRestartAfterDecliningTellsTheSeederAgain() {
    LeecherMachine machine = new LeecherMachine(TOKEN, PostCopy.AUTO);
    LeecherMachine.Step step = machine.restart(new Ownership.Declined(2, FINALIZING));
    assertInstanceOf(LeecherAction.AskDecline.class, step.action().orElseThrow());
    assertEquals(
        Optional.of(new LeecherAction.Track()),
        machine.next(step.state(), new LeecherEvent.Declined(), 2).action());
  }

  @Test
  void aRestartedOwnerThatCannotResumeKeepsTheState() {
    LeecherMachine machine = new LeecherMachine(TOKEN, PostCopy.AUTO);
    LeecherMachine.Step step =
        machine.restart(new Ownership.Running(2, FINALIZING, new BlockRuns()));
    LeecherState.Failed failed =
        assertInstanceOf(
            LeecherState.Failed.class,
            machine.next(step.state(), new LeecherEvent.ResumeFailed("no"), 2).state());
    assertEquals(LeecherState.Where.HERE, failed.where());
  }

  @Test
  void aRestartedOwnerThatWantsNoPostCopyFetchesFirst() {
    LeecherMachine machine = new LeecherMachine(TOKEN, PostCopy.NEVER);
    LeecherMachine.Step step =
        machine.restart(new Ownership.Running(2, FINALIZING, new BlockRuns()));
    assertEquals(Optional.of(new LeecherAction.PullMissing()), step.action());
    LeecherMachine.Step pulled = machine.next(step.state(), new LeecherEvent.Pulled(), 2);
    assertEquals(Optional.of(new LeecherAction.Resume()), pulled.action());
  }
}
