package dev.godwit.migration;

import dev.godwit.migration.FinalizePolicy.Decision;
import dev.godwit.migration.FinalizePolicy.PostCopy;
import dev.godwit.migration.LeecherAction.AskAbort;
import dev.godwit.migration.LeecherAction.AskDecline;
import dev.godwit.migration.LeecherAction.AskFinalize;
import dev.godwit.migration.LeecherAction.AskRelease;
import dev.godwit.migration.LeecherAction.AskRound;
import dev.godwit.migration.LeecherAction.FlushCopy;
import dev.godwit.migration.LeecherAction.JournalComplete;
import dev.godwit.migration.LeecherAction.JournalDecline;
import dev.godwit.migration.LeecherAction.JournalHandover;
import dev.godwit.migration.LeecherAction.JournalToken;
import dev.godwit.migration.LeecherAction.PullMissing;
import dev.godwit.migration.LeecherAction.Resume;
import dev.godwit.migration.LeecherAction.Track;
import dev.godwit.migration.LeecherState.Complete;
import dev.godwit.migration.LeecherState.Connecting;
import dev.godwit.migration.LeecherState.Declining;
import dev.godwit.migration.LeecherState.Failed;
import dev.godwit.migration.LeecherState.Finalizing;
import dev.godwit.migration.LeecherState.Phase;
import dev.godwit.migration.LeecherState.Pulling;
import dev.godwit.migration.LeecherState.ReturnPhase;
import dev.godwit.migration.LeecherState.Running;
import dev.godwit.migration.LeecherState.Stage;
import dev.godwit.migration.LeecherState.Where;
import java.util.Optional;

/**
 * The leecher's transition function: no I/O, no clock, no memory but the state it is given. Each
 * step asks for at most one action, and the action ends with one event; an event that does not fit
 * the state changes nothing.
 */
public final class LeecherMachine {
  private final MigrationId token;
  private final PostCopy postCopy;

  /**
   * @param token what the state will be asked for with
   * @param postCopy whether the program may run before everything is here
   */
  public LeecherMachine(MigrationId token, PostCopy postCopy) {
    this.token = token;
    this.postCopy = postCopy;
  }

  /** Where to go and what to do. */
  public record Step(LeecherState state, Optional<LeecherAction> action) {
    private static Step of(LeecherState state, LeecherAction action) {
      return new Step(state, Optional.of(action));
    }

    private static Step end(LeecherState state) {
      return new Step(state, Optional.empty());
    }
  }

  /** Where a restarted leecher goes on, by its journal. */
  public Step restart(Ownership journaled) {
    return switch (journaled) {
      case Ownership.Finalizing finalizing ->
          Step.of(
              new Finalizing(finalizing.token(), Phase.ASKING_AGAIN),
              new AskFinalize(finalizing.token()));
      case Ownership.Running running -> runAgain(running.origin().token());
      // All of it is here, but the seeder may still keep its copy for us.
      case Ownership.Taken taken -> runAgain(taken.origin().token());
      // The seeder may not have heard yet that it has the state again.
      case Ownership.Declined declined -> {
        String reason = "the state was given back before the restart";
        MigrationId declinedToken = declined.origin().token();
        yield Step.of(
            new Declining(declined.generation(), declinedToken, reason, ReturnPhase.TELLING_AGAIN),
            new AskDecline(declinedToken, reason));
      }
      default -> Step.of(new Connecting(), new Track());
    };
  }

  /** The program may have run before the crash, so it is ours whatever the hook says now. */
  private Step runAgain(MigrationId handedOver) {
    return postCopy == PostCopy.NEVER
        ? Step.of(new Finalizing(handedOver, Phase.FETCHING_AGAIN), new PullMissing())
        : Step.of(new Finalizing(handedOver, Phase.RESUMING_AGAIN), new Resume());
  }

  /**
   * The transition function.
   *
   * @param generation the generation that was handed over, 0 before; the shell keeps it
   */
  public Step next(LeecherState state, LeecherEvent event, long generation) {
    return switch (state) {
      case Connecting connecting -> connecting(connecting, event);
      case Pulling pulling -> pulling(pulling, event);
      case Finalizing finalizing -> finalizing(finalizing, event, generation);
      case Running running -> running(running, event);
      case Declining declining -> declining(declining, event);
      case Complete _, Failed _ -> Step.end(state);
    };
  }

  private static Step connecting(Connecting state, LeecherEvent event) {
    return switch (event) {
      case LeecherEvent.Started _ -> Step.of(state, new Track());
      case LeecherEvent.Tracked _ -> Step.of(new Pulling(0), new PullMissing());
      case LeecherEvent.Broke broke -> Step.end(new Failed(broke.reason(), Where.SEEDER));
      default -> Step.end(state);
    };
  }

  private static Step pulling(Pulling state, LeecherEvent event) {
    return switch (event) {
      case LeecherEvent.Pulled _ -> Step.of(state, new AskRound(state.round() + 1));
      case LeecherEvent.RoundReceived received ->
          received.decision() == Decision.ANOTHER_ROUND
              ? Step.of(new Pulling(received.round()), new PullMissing())
              : Step.of(new Finalizing(NO_TOKEN, Phase.FLUSHING), new FlushCopy());
      case LeecherEvent.Forgotten _ -> Step.of(new Connecting(), new Track());
      case LeecherEvent.Broke broke -> abort(broke.reason());
      default -> Step.end(state);
    };
  }

  /** Nothing was asked with this; a token is only worth its bytes once it is journaled. */
  private static final MigrationId NO_TOKEN =
      new MigrationId(com.google.protobuf.ByteString.copyFrom(new byte[16]));

  private static Step abort(String reason) {
    return Step.of(new Failed(reason, Where.SEEDER), new AskAbort(reason));
  }

  private Step finalizing(Finalizing state, LeecherEvent event, long generation) {
    return switch (state.phase()) {
      case FLUSHING ->
          switch (event) {
            case LeecherEvent.Flushed _ ->
                Step.of(new Finalizing(token, Phase.JOURNALING), new JournalToken(token));
            case LeecherEvent.Broke broke -> abort(broke.reason());
            default -> Step.end(state);
          };
      case JOURNALING ->
          switch (event) {
            case LeecherEvent.TokenJournaled _ ->
                Step.of(
                    new Finalizing(state.token(), Phase.ASKING), new AskFinalize(state.token()));
            case LeecherEvent.Broke broke -> abort(broke.reason());
            default -> Step.end(state);
          };
      case ASKING, ASKING_AGAIN ->
          switch (event) {
            case LeecherEvent.HandedOver handed ->
                Step.of(
                    new Finalizing(state.token(), Phase.TAKING),
                    new JournalHandover(handed.generation()));
            case LeecherEvent.HandoverRefused _ when state.phase() == Phase.ASKING_AGAIN ->
                Step.of(new Connecting(), new Track());
            case LeecherEvent.HandoverRefused refused ->
                Step.end(new Failed(refused.reason(), Where.SEEDER));
            case LeecherEvent.Broke broke -> Step.end(new Failed(broke.reason(), Where.UNDECIDED));
            default -> Step.end(state);
          };
      case TAKING ->
          switch (event) {
            case LeecherEvent.HandoverJournaled _ ->
                postCopy == PostCopy.NEVER
                    ? Step.of(new Finalizing(state.token(), Phase.FETCHING), new PullMissing())
                    : Step.of(new Finalizing(state.token(), Phase.RESUMING), new Resume());
            case LeecherEvent.Broke broke -> Step.end(new Failed(broke.reason(), Where.UNDECIDED));
            default -> Step.end(state);
          };
      case FETCHING ->
          switch (event) {
            case LeecherEvent.Pulled _ ->
                Step.of(new Finalizing(state.token(), Phase.RESUMING), new Resume());
            case LeecherEvent.Broke broke -> decline(state, generation, broke.reason());
            default -> Step.end(state);
          };
      case FETCHING_AGAIN ->
          switch (event) {
            case LeecherEvent.Pulled _ ->
                Step.of(new Finalizing(state.token(), Phase.RESUMING_AGAIN), new Resume());
            case LeecherEvent.Broke broke -> Step.end(new Failed(broke.reason(), Where.HERE));
            default -> Step.end(state);
          };
      case RESUMING ->
          switch (event) {
            case LeecherEvent.Resumed _ ->
                Step.of(new Running(generation, state.token(), Stage.FETCHING), new PullMissing());
            case LeecherEvent.ResumeFailed failed -> decline(state, generation, failed.reason());
            case LeecherEvent.ResumeFailedAfterWrites failed ->
                Step.end(new Failed(failed.reason(), Where.HERE));
            case LeecherEvent.Broke broke -> Step.end(new Failed(broke.reason(), Where.HERE));
            default -> Step.end(state);
          };
      case RESUMING_AGAIN ->
          switch (event) {
            case LeecherEvent.Resumed _ ->
                Step.of(new Running(generation, state.token(), Stage.FETCHING), new PullMissing());
            // The program may have run before the restart, so giving the state back would lose
            // what it wrote.
            case LeecherEvent.ResumeFailed failed ->
                Step.end(new Failed(failed.reason(), Where.HERE));
            case LeecherEvent.ResumeFailedAfterWrites failed ->
                Step.end(new Failed(failed.reason(), Where.HERE));
            case LeecherEvent.Broke broke -> Step.end(new Failed(broke.reason(), Where.HERE));
            default -> Step.end(state);
          };
    };
  }

  private static Step decline(Finalizing state, long generation, String reason) {
    return Step.of(
        new Declining(generation, state.token(), reason, ReturnPhase.JOURNALING),
        new JournalDecline(generation));
  }

  private static Step declining(Declining state, LeecherEvent event) {
    return switch (event) {
      case LeecherEvent.DeclineJournaled _ when state.phase() == ReturnPhase.JOURNALING ->
          Step.of(
              new Declining(state.generation(), state.token(), state.reason(), ReturnPhase.TELLING),
              new AskDecline(state.token(), state.reason()));
      case LeecherEvent.Declined _ when state.phase() == ReturnPhase.TELLING ->
          Step.end(new Failed(state.reason(), Where.SEEDER));
      case LeecherEvent.Declined _ when state.phase() == ReturnPhase.TELLING_AGAIN ->
          Step.of(new Connecting(), new Track());
      case LeecherEvent.Broke broke ->
          Step.end(
              new Failed(
                  state.reason() + "; giving the state back failed too: " + broke.reason(),
                  state.phase() == ReturnPhase.JOURNALING ? Where.HERE : Where.UNDECIDED));
      default -> Step.end(state);
    };
  }

  private static Step running(Running state, LeecherEvent event) {
    return switch (event) {
      case LeecherEvent.Pulled _ when state.stage() == Stage.FETCHING ->
          Step.of(
              new Running(state.generation(), state.token(), Stage.FLUSHING),
              new JournalComplete(state.generation()));
      case LeecherEvent.CompleteJournaled _ when state.stage() == Stage.FLUSHING ->
          Step.of(
              new Running(state.generation(), state.token(), Stage.RELEASING),
              new AskRelease(state.token()));
      case LeecherEvent.Released _ when state.stage() == Stage.RELEASING ->
          Step.end(new Complete(state.generation()));
      // Everything is here; that the seeder keeps its copy a while longer harms nobody.
      case LeecherEvent.Broke _ when state.stage() == Stage.RELEASING ->
          Step.end(new Complete(state.generation()));
      case LeecherEvent.Broke broke -> Step.end(new Failed(broke.reason(), Where.HERE));
      default -> Step.end(state);
    };
  }
}
