package dev.godwit.migration;

import dev.godwit.migration.SeederAction.Answer;
import dev.godwit.migration.SeederAction.AnswerFinalize;
import dev.godwit.migration.SeederAction.AnswerLater;
import dev.godwit.migration.SeederAction.AnswerRound;
import dev.godwit.migration.SeederAction.AnswerTrack;
import dev.godwit.migration.SeederAction.CollectRound;
import dev.godwit.migration.SeederAction.DoubtFinalize;
import dev.godwit.migration.SeederAction.FailFinalize;
import dev.godwit.migration.SeederAction.JournalHandover;
import dev.godwit.migration.SeederAction.JournalRelease;
import dev.godwit.migration.SeederAction.JournalReturn;
import dev.godwit.migration.SeederAction.Refuse;
import dev.godwit.migration.SeederAction.ResumeProgram;
import dev.godwit.migration.SeederAction.StartTracking;
import dev.godwit.migration.SeederAction.StopTracking;
import dev.godwit.migration.SeederAction.Suspend;
import dev.godwit.migration.SeederEvent.AbortAsked;
import dev.godwit.migration.SeederEvent.DeclineAsked;
import dev.godwit.migration.SeederEvent.FinalizeAsked;
import dev.godwit.migration.SeederEvent.HandoverJournaled;
import dev.godwit.migration.SeederEvent.JournalFailed;
import dev.godwit.migration.SeederEvent.JournalUndecided;
import dev.godwit.migration.SeederEvent.LeecherLost;
import dev.godwit.migration.SeederEvent.ReleaseAsked;
import dev.godwit.migration.SeederEvent.ReturnJournaled;
import dev.godwit.migration.SeederEvent.RoundAsked;
import dev.godwit.migration.SeederEvent.SuspendFailed;
import dev.godwit.migration.SeederEvent.Suspended;
import dev.godwit.migration.SeederEvent.TrackAsked;
import dev.godwit.migration.SeederState.Finalized;
import dev.godwit.migration.SeederState.HandedOver;
import dev.godwit.migration.SeederState.Idle;
import dev.godwit.migration.SeederState.Phase;
import dev.godwit.migration.SeederState.Released;
import dev.godwit.migration.SeederState.Returning;
import dev.godwit.migration.SeederState.Tracking;
import dev.godwit.migration.SeederState.Undecided;
import dev.godwit.wire.proto.Failure;
import java.util.ArrayList;
import java.util.List;

/**
 * The seeder's transition function: no I/O, no clock, no memory but the state it is given. Every
 * request of the leecher may come twice; the second time it gets the first answer.
 *
 * <p>Until {@link HandoverJournaled} the program can be let go on at any moment, and every failure
 * ends that way. After it, only the leecher can give the state back.
 */
public final class SeederMachine {
  private SeederMachine() {}

  /** Where to go and what to do, in this order. */
  public record Step(SeederState state, List<SeederAction> actions) {
    /** Copies the list. */
    public Step {
      actions = List.copyOf(actions);
    }

    private static Step of(SeederState state, SeederAction... actions) {
      return new Step(state, List.of(actions));
    }
  }

  /** The state that a restarted seeder begins in. */
  public static SeederState restart(Ownership journaled) {
    return switch (journaled) {
      case Ownership.HandedOver given ->
          new HandedOver(given.generation(), given.migration(), given.leecher(), given.token());
      case Ownership.Owned owned -> new Idle(owned.generation(), EndedMigrations.NONE);
      case Ownership.Taken taken -> new Idle(taken.generation(), EndedMigrations.NONE);
      case Ownership.Unknown _ -> new Idle(1, EndedMigrations.NONE);
      case Ownership.Released _,
          Ownership.Pulling _,
          Ownership.Finalizing _,
          Ownership.Running _,
          Ownership.Declined _ ->
          throw new IllegalArgumentException("cannot seed what is " + journaled.word());
    };
  }

  /** The transition function. */
  public static Step next(SeederState state, SeederEvent event) {
    return switch (event) {
      case TrackAsked asked -> track(state, asked);
      case RoundAsked asked -> round(state, asked);
      case FinalizeAsked asked -> finalize(state, asked);
      case Suspended _ -> suspended(state);
      case SuspendFailed failed -> takeBack(state, failed.reason());
      case HandoverJournaled _ -> handedOver(state);
      case JournalFailed failed ->
          takeBack(state, "the hand-over could not be journaled: " + failed.reason());
      case JournalUndecided undecided -> undecided(state, undecided.reason());
      case DeclineAsked asked -> decline(state, asked);
      case ReturnJournaled _ -> returned(state);
      case ReleaseAsked asked -> release(state, asked);
      case AbortAsked asked -> abort(state, asked.migration(), true);
      case LeecherLost lost -> abort(state, lost.migration(), false);
    };
  }

  private static Step undecided(SeederState state, String reason) {
    if (state instanceof Finalized finalized) {
      return Step.of(
          new Undecided(
              finalized.generation(),
              finalized.migration(),
              finalized.leecher(),
              finalized.token(),
              reason),
          new StopTracking(),
          new DoubtFinalize(doubt(reason)));
    }
    return Step.of(state);
  }

  /** No refusal: for that the leecher would let go of its token. */
  private static Step doubt(Undecided undecided) {
    return refuse(undecided, Failure.Code.IO, doubt(undecided.reason()));
  }

  private static String doubt(String reason) {
    return "the hand-over is undecided until the seeder is started again: " + reason;
  }

  private static Step track(SeederState state, TrackAsked asked) {
    return switch (state) {
      case Idle idle ->
          idle.ended().has(asked.migration())
              ? over(state)
              : Step.of(
                  new Tracking(
                      idle.generation(),
                      asked.migration(),
                      asked.leecher(),
                      asked.epoch(),
                      0,
                      idle.ended()),
                  new StartTracking(),
                  new AnswerTrack(asked.epoch()));
      case Tracking tracking when tracking.migration().equals(asked.migration()) ->
          tracking.round() == 0
              ? Step.of(tracking, new AnswerTrack(tracking.epoch()))
              : refuse(tracking, Failure.Code.CONFLICT, "this migration has begun already");
      case Tracking tracking when tracking.ended().has(asked.migration()) -> over(state);
      case Tracking tracking when tracking.leecher().equals(asked.leecher()) ->
          // The same node begins again after a crash: its old attempt is worth nothing to anyone.
          Step.of(
              new Tracking(
                  tracking.generation(),
                  asked.migration(),
                  asked.leecher(),
                  asked.epoch(),
                  0,
                  tracking.ended().and(tracking.migration())),
              new StopTracking(),
              new StartTracking(),
              new AnswerTrack(asked.epoch()));
      case Tracking tracking -> busy(state, tracking.leecher().shortForm());
      case Finalized finalized -> busy(state, finalized.leecher().shortForm());
      case Returning returning -> busy(state, returning.leecher().shortForm());
      case Undecided undecided -> doubt(undecided);
      case HandedOver given ->
          refuse(
              state,
              Failure.Code.CONFLICT,
              "the state was handed over to " + given.leecher().shortForm());
      case Released _ -> refuse(state, Failure.Code.CONFLICT, "the state has moved away");
    };
  }

  private static Step over(SeederState state) {
    return refuse(state, Failure.Code.CONFLICT, "this migration has ended");
  }

  private static Step busy(SeederState state, String leecher) {
    return refuse(state, Failure.Code.BUSY, "the resource is already being migrated to " + leecher);
  }

  private static Step round(SeederState state, RoundAsked asked) {
    if (state instanceof Tracking tracking && tracking.migration().equals(asked.migration())) {
      if (!tracking.epoch().equals(asked.epoch())) {
        // This seeder does not know what was written while the leecher collected what it has.
        return refuse(state, Failure.Code.CONFLICT, "the seeder was started anew meanwhile");
      }
      if (asked.round() == tracking.round() && asked.round() > 0) {
        return Step.of(tracking, new AnswerRound(asked.round()));
      }
      if (asked.round() == tracking.round() + 1) {
        return Step.of(
            new Tracking(
                tracking.generation(),
                tracking.migration(),
                tracking.leecher(),
                tracking.epoch(),
                asked.round(),
                tracking.ended()),
            new CollectRound(asked.round()),
            new AnswerRound(asked.round()));
      }
      return refuse(
          state,
          Failure.Code.CONFLICT,
          "round " + asked.round() + " does not follow round " + tracking.round());
    }
    if (state instanceof Tracking) {
      // Whoever began after the one that asks need not be disturbed by its beginning anew.
      return refuse(state, Failure.Code.BUSY, "another migration of it has begun");
    }
    return state instanceof Undecided undecided ? doubt(undecided) : unknown(state);
  }

  private static Step finalize(SeederState state, FinalizeAsked asked) {
    return switch (state) {
      case Tracking tracking
          when tracking.migration().equals(asked.migration())
              && tracking.epoch().equals(asked.epoch()) ->
          Step.of(
              new Finalized(
                  tracking.generation(),
                  tracking.migration(),
                  tracking.leecher(),
                  asked.token(),
                  Phase.SUSPENDING,
                  tracking.ended()),
              new AnswerLater(),
              new Suspend());
      // The refusal is final: an earlier copy of this request, from before the leecher was started
      // anew, may come later.
      case Tracking tracking when tracking.migration().equals(asked.migration()) ->
          Step.of(
              new Idle(tracking.generation(), tracking.ended().and(tracking.migration())),
              new StopTracking(),
              new Refuse(
                  Failure.Code.CONFLICT, "the leecher or the seeder was started anew meanwhile"));
      case Finalized finalized
          when finalized.migration().equals(asked.migration())
              && finalized.token().equals(asked.token()) ->
          Step.of(finalized, new AnswerLater());
      case HandedOver given
          when given.migration().equals(asked.migration()) && given.token().equals(asked.token()) ->
          Step.of(given, new AnswerFinalize(given.generation()));
      case Finalized _, HandedOver _ ->
          refuse(state, Failure.Code.CONFLICT, "the state was asked for with another token");
      case Undecided undecided -> doubt(undecided);
      case Idle _, Tracking _, Returning _, Released _ -> unknown(state);
    };
  }

  private static Step suspended(SeederState state) {
    if (state instanceof Finalized finalized && finalized.phase() == Phase.SUSPENDING) {
      return Step.of(
          new Finalized(
              finalized.generation(),
              finalized.migration(),
              finalized.leecher(),
              finalized.token(),
              Phase.JOURNALING,
              finalized.ended()),
          new JournalHandover(
              finalized.generation() + 1,
              finalized.migration(),
              finalized.leecher(),
              finalized.token()));
    }
    return Step.of(state);
  }

  private static Step takeBack(SeederState state, String reason) {
    if (state instanceof Finalized finalized) {
      return Step.of(
          new Idle(finalized.generation(), finalized.ended().and(finalized.migration())),
          new StopTracking(),
          new ResumeProgram(),
          new FailFinalize(reason));
    }
    return Step.of(state);
  }

  private static Step handedOver(SeederState state) {
    if (state instanceof Finalized finalized && finalized.phase() == Phase.JOURNALING) {
      long generation = finalized.generation() + 1;
      return Step.of(
          new HandedOver(generation, finalized.migration(), finalized.leecher(), finalized.token()),
          new StopTracking(),
          new AnswerFinalize(generation));
    }
    return Step.of(state);
  }

  private static Step decline(SeederState state, DeclineAsked asked) {
    return switch (state) {
      case HandedOver given
          when given.migration().equals(asked.migration()) && given.token().equals(asked.token()) ->
          Step.of(
              new Returning(given.generation(), given.migration(), given.leecher(), given.token()),
              new JournalReturn(given.generation() + 1),
              new Answer());
      // Said again because journaling it failed, or the answer was lost.
      case Returning returning when returning.token().equals(asked.token()) ->
          Step.of(returning, new JournalReturn(returning.generation() + 1), new Answer());
      case Released released when released.token().equals(asked.token()) -> unknown(state);
      case Undecided undecided -> doubt(undecided);
      // The state came back already, whatever has become of it since, or it never left: that is
      // what the leecher wants to hear.
      case Idle _, Tracking _, Finalized _, HandedOver _, Returning _, Released _ ->
          Step.of(state, new Answer());
    };
  }

  private static Step returned(SeederState state) {
    if (state instanceof Returning returning) {
      return Step.of(
          new Idle(returning.generation() + 1, EndedMigrations.NONE.and(returning.migration())),
          new ResumeProgram());
    }
    return Step.of(state);
  }

  private static Step release(SeederState state, ReleaseAsked asked) {
    return switch (state) {
      case HandedOver given
          when given.migration().equals(asked.migration()) && given.token().equals(asked.token()) ->
          Step.of(
              new Released(given.generation(), given.migration(), given.token()),
              new JournalRelease(given.generation()),
              new Answer());
      case Released released when released.token().equals(asked.token()) ->
          Step.of(released, new Answer());
      case Undecided undecided -> doubt(undecided);
      case Idle _, Tracking _, Finalized _, HandedOver _, Returning _, Released _ -> unknown(state);
    };
  }

  private static Step abort(SeederState state, MigrationId migration, boolean asked) {
    List<SeederAction> answer = asked ? List.of(new Answer()) : List.of();
    if (state instanceof Tracking tracking && tracking.migration().equals(migration)) {
      List<SeederAction> actions = new ArrayList<>(List.of(new StopTracking()));
      actions.addAll(answer);
      return new Step(new Idle(tracking.generation(), tracking.ended().and(migration)), actions);
    }
    // Finalizing ends by itself in a moment, and what was handed over cannot be aborted.
    return new Step(state, answer);
  }

  private static Step unknown(SeederState state) {
    return refuse(
        state, Failure.Code.CONFLICT, "no such migration; the resource is " + state.word());
  }

  private static Step refuse(SeederState state, Failure.Code code, String reason) {
    return Step.of(state, new Refuse(code, reason));
  }
}
