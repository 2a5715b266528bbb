package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.testing.Seeds;
import dev.godwit.wire.proto.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SeederMachineTest {
  private static final NodeId BOB = node(1);
  private static final NodeId CAROL = node(2);
  private static final MigrationId MIGRATION = id(1);
  private static final MigrationId OTHER = id(2);
  private static final MigrationId TOKEN = id(3);
  private static final Octets EPOCH = Octets.of((byte) 1);
  private static final Octets OLD_EPOCH = Octets.of((byte) 2);

  private static NodeId node(int number) {
    byte[] bytes = new byte[32];
    bytes[31] = (byte) number;
    return NodeId.of(bytes);
  }

  private static MigrationId id(int number) {
    byte[] bytes = new byte[16];
    bytes[15] = (byte) number;
    return new MigrationId(ByteString.copyFrom(bytes));
  }

  private static Octets epoch(Random random) {
    return random.nextInt(8) == 0 ? OLD_EPOCH : EPOCH;
  }

  private static SeederEvent event(Random random) {
    MigrationId migration = id(1 + random.nextInt(3));
    MigrationId token = id(10 + random.nextInt(2));
    return switch (random.nextInt(14)) {
      case 0, 1 ->
          new SeederEvent.TrackAsked(random.nextBoolean() ? BOB : CAROL, migration, epoch(random));
      case 2, 3 -> new SeederEvent.RoundAsked(migration, epoch(random), random.nextInt(4));
      case 4, 5 -> new SeederEvent.FinalizeAsked(migration, epoch(random), token);
      case 6 -> new SeederEvent.Suspended();
      case 7 -> new SeederEvent.SuspendFailed("x");
      case 8 -> new SeederEvent.HandoverJournaled();
      case 9 -> new SeederEvent.JournalFailed("x");
      case 10 -> new SeederEvent.DeclineAsked(migration, token, "not here");
      case 11 -> new SeederEvent.ReturnJournaled();
      case 12 -> new SeederEvent.ReleaseAsked(migration, token);
      default ->
          random.nextBoolean()
              ? new SeederEvent.AbortAsked(migration, "no more")
              : new SeederEvent.LeecherLost(migration);
    };
  }

  private static boolean isRequest(SeederEvent event) {
    return switch (event) {
      case SeederEvent.TrackAsked _,
          SeederEvent.RoundAsked _,
          SeederEvent.FinalizeAsked _,
          SeederEvent.DeclineAsked _,
          SeederEvent.ReleaseAsked _,
          SeederEvent.AbortAsked _ ->
          true;
      default -> false;
    };
  }

  private static boolean answers(SeederAction action) {
    return action instanceof SeederAction.Answer
        || action instanceof SeederAction.AnswerTrack
        || action instanceof SeederAction.AnswerLater
        || action instanceof SeederAction.AnswerRound
        || action instanceof SeederAction.AnswerFinalize
        || action instanceof SeederAction.Refuse;
  }

  @Test
  void everyScheduleAnswersEachRequestOnceAndRepeatsItsAnswers() {
    Seeds.each(
        20_000,
        random -> {
          SeederState state = SeederMachine.restart(new Ownership.Owned(5));
          boolean runs = true;
          for (int i = 0; i < 40; i++) {
            SeederEvent event = event(random);
            SeederMachine.Step step = SeederMachine.next(state, event);
            assertTrue(step.state().generation() >= state.generation(), "the generation went down");
            List<SeederAction> answers = step.actions().stream().filter(a -> answers(a)).toList();
            if (isRequest(event)) {
              assertEquals(1, answers.size(), () -> event + " -> " + step);
              repeat(event, step);
            }
            for (SeederAction action : step.actions()) {
              if (action instanceof SeederAction.Suspend) {
                assertTrue(runs, "suspended twice");
                runs = false;
              } else if (action instanceof SeederAction.ResumeProgram) {
                assertTrue(!runs, "resumed although it runs");
                runs = true;
              }
            }
            state = step.state();
            boolean owns =
                state instanceof SeederState.Idle || state instanceof SeederState.Tracking;
            assertEquals(owns, runs, state::toString);
          }
        });
  }

  private static void repeat(SeederEvent event, SeederMachine.Step first) {
    SeederMachine.Step second = SeederMachine.next(first.state(), event);
    assertEquals(first.state(), second.state(), () -> event + " again");
    for (SeederAction action : second.actions()) {
      assertTrue(
          answers(action) || action instanceof SeederAction.JournalReturn,
          () -> event + " has an effect again: " + action);
    }
    List<SeederAction> before = first.actions().stream().filter(a -> answers(a)).toList();
    List<SeederAction> after = second.actions().stream().filter(a -> answers(a)).toList();
    if (!(before.getFirst() instanceof SeederAction.Refuse)) {
      assertEquals(before, after, () -> event + " got another answer the second time");
    }
  }

  private static SeederState after(SeederEvent... events) {
    SeederState state = SeederMachine.restart(new Ownership.Owned(1));
    for (SeederEvent event : events) {
      state = SeederMachine.next(state, event).state();
    }
    return state;
  }

  private static List<SeederEvent> upToJournaling() {
    return List.of(
        new SeederEvent.TrackAsked(BOB, MIGRATION, EPOCH),
        new SeederEvent.RoundAsked(MIGRATION, EPOCH, 1),
        new SeederEvent.FinalizeAsked(MIGRATION, EPOCH, TOKEN),
        new SeederEvent.Suspended());
  }

  @Test
  void anyFailureBeforeTheHandoverIsJournaledResumesTheProgram() {
    for (int events = 3; events <= 4; events++) {
      SeederState state = after(upToJournaling().subList(0, events).toArray(SeederEvent[]::new));
      for (SeederEvent failure :
          List.of(new SeederEvent.SuspendFailed("x"), new SeederEvent.JournalFailed("x"))) {
        SeederMachine.Step step = SeederMachine.next(state, failure);
        assertInstanceOf(SeederState.Idle.class, step.state());
        assertTrue(step.actions().contains(new SeederAction.ResumeProgram()));
      }
    }
  }

  @Test
  void afterTheHandoverIsJournaledNothingButTheLeecherBringsTheStateBack() {
    List<SeederEvent> events = new ArrayList<>(upToJournaling());
    events.add(new SeederEvent.HandoverJournaled());
    SeederState given = after(events.toArray(SeederEvent[]::new));
    for (SeederEvent event :
        List.of(
            new SeederEvent.SuspendFailed("x"),
            new SeederEvent.JournalFailed("x"),
            new SeederEvent.AbortAsked(MIGRATION, "no more"),
            new SeederEvent.LeecherLost(MIGRATION),
            new SeederEvent.TrackAsked(BOB, OTHER, EPOCH),
            new SeederEvent.DeclineAsked(MIGRATION, OTHER, "not here"),
            new SeederEvent.DeclineAsked(OTHER, TOKEN, "not here"))) {
      assertEquals(given, SeederMachine.next(given, event).state(), event::toString);
    }
  }

  @Test
  void whatWasHandedOverIsNotGivenToAnotherToken() {
    List<SeederEvent> events = new ArrayList<>(upToJournaling());
    events.add(new SeederEvent.HandoverJournaled());
    SeederState given = after(events.toArray(SeederEvent[]::new));
    for (SeederEvent event :
        List.of(
            new SeederEvent.FinalizeAsked(MIGRATION, EPOCH, OTHER),
            new SeederEvent.FinalizeAsked(OTHER, EPOCH, TOKEN),
            new SeederEvent.ReleaseAsked(MIGRATION, OTHER))) {
      SeederMachine.Step step = SeederMachine.next(given, event);
      assertEquals(given, step.state(), event::toString);
      assertInstanceOf(SeederAction.Refuse.class, step.actions().getFirst(), event::toString);
    }
  }

  @Test
  void aSecondLeecherIsToldThatItIsBusy() {
    SeederState state = after(new SeederEvent.TrackAsked(BOB, MIGRATION, EPOCH));
    SeederMachine.Step step =
        SeederMachine.next(state, new SeederEvent.TrackAsked(CAROL, OTHER, EPOCH));
    assertEquals(state, step.state());
    SeederAction.Refuse refuse =
        assertInstanceOf(SeederAction.Refuse.class, step.actions().getFirst());
    assertEquals(Failure.Code.BUSY, refuse.code());
  }

  @Test
  void aLateRequestDoesNotReviveAMigrationThatEnded() {
    for (SeederEvent end :
        List.of(
            new SeederEvent.AbortAsked(MIGRATION, "no more"),
            new SeederEvent.LeecherLost(MIGRATION),
            new SeederEvent.TrackAsked(BOB, OTHER, EPOCH))) {
      SeederState state = after(new SeederEvent.TrackAsked(BOB, MIGRATION, EPOCH), end);
      SeederMachine.Step step =
          SeederMachine.next(state, new SeederEvent.TrackAsked(BOB, MIGRATION, EPOCH));
      assertEquals(state, step.state(), end::toString);
      assertInstanceOf(SeederAction.Refuse.class, step.actions().getFirst());
    }
  }

  @Test
  void onlyTheLastEndedMigrationsAreKept() {
    EndedMigrations ended = EndedMigrations.NONE;
    for (int i = 0; i < 100; i++) {
      ended = ended.and(id(i));
    }
    assertEquals(EndedMigrations.KEPT, ended.ids().size());
    assertTrue(ended.has(id(99)) && ended.has(id(36)) && !ended.has(id(35)));
  }

  @Test
  void aReturnThatCouldNotBeJournaledIsTriedAgainWhenTheLeecherAsksAgain() {
    List<SeederEvent> events = new ArrayList<>(upToJournaling());
    events.add(new SeederEvent.HandoverJournaled());
    events.add(new SeederEvent.DeclineAsked(MIGRATION, TOKEN, "not here"));
    SeederState returning = after(events.toArray(SeederEvent[]::new));
    SeederMachine.Step step =
        SeederMachine.next(returning, new SeederEvent.DeclineAsked(MIGRATION, TOKEN, "not here"));
    assertEquals(
        List.of(new SeederAction.JournalReturn(3), new SeederAction.Answer()), step.actions());
  }

  @Test
  void aLeecherThatDeclinedHearsSoEvenWhenAnotherHasBegunSince() {
    SeederState state = after(new SeederEvent.TrackAsked(CAROL, OTHER, EPOCH));
    SeederMachine.Step step =
        SeederMachine.next(state, new SeederEvent.DeclineAsked(MIGRATION, TOKEN, "not here"));
    assertEquals(state, step.state());
    assertEquals(List.of(new SeederAction.Answer()), step.actions());
  }

  @Test
  void whatIsNotOursCannotBeSeeded() {
    assertThrows(
        IllegalArgumentException.class, () -> SeederMachine.restart(new Ownership.Released(3)));
  }

  @Test
  void aRestartAfterTheHandoverServesTheLeecherOn() {
    SeederState state =
        SeederMachine.restart(new Ownership.HandedOver(7, MIGRATION, TOKEN, BOB, new BlockRuns()));
    SeederMachine.Step step =
        SeederMachine.next(state, new SeederEvent.FinalizeAsked(MIGRATION, EPOCH, TOKEN));
    assertEquals(List.of(new SeederAction.AnswerFinalize(7)), step.actions());
  }

  @Test
  void whatWasCollectedBeforeTheSeederWasStartedAnewIsNotHandedOver() {
    SeederState state = after(new SeederEvent.TrackAsked(BOB, MIGRATION, EPOCH));
    SeederMachine.Step round =
        SeederMachine.next(state, new SeederEvent.RoundAsked(MIGRATION, OLD_EPOCH, 1));
    assertEquals(state, round.state());
    assertConflict(round);
    for (Octets epoch : List.of(OLD_EPOCH, Octets.of())) {
      SeederMachine.Step finalize =
          SeederMachine.next(state, new SeederEvent.FinalizeAsked(MIGRATION, epoch, TOKEN));
      assertConflict(finalize);
      // An earlier copy that comes late finds nothing to take.
      assertConflict(
          SeederMachine.next(
              finalize.state(), new SeederEvent.FinalizeAsked(MIGRATION, EPOCH, TOKEN)));
      assertConflict(
          SeederMachine.next(finalize.state(), new SeederEvent.TrackAsked(BOB, MIGRATION, EPOCH)));
    }
  }

  private static void assertConflict(SeederMachine.Step step) {
    SeederAction.Refuse refused =
        assertInstanceOf(SeederAction.Refuse.class, step.actions().getLast());
    assertEquals(Failure.Code.CONFLICT, refused.code());
  }
}
