package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.log.ResourceBusyException;
import dev.godwit.migration.Journal;
import dev.godwit.migration.MigrationId;
import dev.godwit.migration.Ownership;
import dev.godwit.node.proto.ReclaimAnswer;
import dev.godwit.node.proto.ReclaimReply;
import dev.godwit.node.proto.ReclaimRequest;
import dev.godwit.session.Call;
import dev.godwit.session.RemoteException;
import dev.godwit.session.RequestHandler;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a node that has handed a state over to this one what has become of it, and gives up a copy
 * whose program has not run. Answers only the node that it was handed over by. Thread-safe.
 */
final class ReclaimAnswers implements RequestHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ReclaimAnswers.class);

  static final String PROTOCOL = "godwit/reclaim/1";
  static final byte ASK = 1;

  private final NodeHome home;
  private final RememberedMoves moves;

  ReclaimAnswers(NodeHome home) {
    this.home = home;
    this.moves = home.moves();
  }

  @Override
  public void handle(Call call) throws IOException {
    if (call.operation() != ASK) {
      throw new RemoteException(
          Failure.Code.UNKNOWN_OPERATION, "unknown operation " + call.operation());
    }
    ReclaimRequest request = call.control(ReclaimRequest.parser());
    call.reply(
        ReclaimReply.newBuilder()
            .setAnswer(answer(call.peer().id(), request.getResource(), migration(request)))
            .build());
  }

  private static MigrationId migration(ReclaimRequest request) throws ProtocolException {
    try {
      return new MigrationId(request.getMigration());
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Of the node that asks nothing else is looked at. */
  private ReclaimAnswer answer(NodeId seeder, String resource, MigrationId migration)
      throws IOException {
    ReclaimAnswer busy = ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
    for (RememberedMoves.Move move : moves.all()) {
      if (!move.seeder().equals(seeder) || !move.resource().equals(resource)) {
        continue;
      }
      ReclaimAnswer answer = answer(move, seeder, migration);
      if (answer == ReclaimAnswer.RECLAIM_ANSWER_IN_USE) {
        busy = answer;
      } else if (answer != ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN) {
        return answer;
      }
    }
    return busy;
  }

  private ReclaimAnswer answer(RememberedMoves.Move move, NodeId seeder, MigrationId migration)
      throws IOException {
    Path file = move.file();
    Path beside = move.beside();
    if (!StateFolder.remembers(beside, StateFolder.Part.JOURNAL)) {
      return ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
    }
    try (StateFolder folder = StateFolder.open(beside, file);
        Journal journal = new Journal(folder.log(StateFolder.Part.JOURNAL))) {
      if (isStill(file, beside)) {
        folder.hold(file);
      }
      Ownership ownership = journal.ownership();
      Ownership.@Nullable Pulling origin = Leeching.resumed(ownership);
      if (origin != null
          && (!origin.migration().equals(migration) || !origin.seeder().equals(seeder))) {
        return ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
      }
      return switch (ownership) {
        case Ownership.Unknown _ -> ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
        case Ownership.Running _ -> ReclaimAnswer.RECLAIM_ANSWER_PARTLY_HERE;
        // It was all here, wherever it is now.
        case Ownership.Taken _, Ownership.Owned _, Ownership.HandedOver _, Ownership.Released _ ->
            ReclaimAnswer.RECLAIM_ANSWER_HERE;
        case Ownership.Finalizing finalizing -> {
          // Durable before the other side acts on it: this node never runs the program on that.
          journal.pulling(finalizing.pulling());
          yield ReclaimAnswer.RECLAIM_ANSWER_GIVEN_UP;
        }
        case Ownership.Pulling _, Ownership.Declined _ -> ReclaimAnswer.RECLAIM_ANSWER_GIVEN_UP;
      };
    } catch (ResourceBusyException e) {
      return ReclaimAnswer.RECLAIM_ANSWER_IN_USE;
    }
  }

  /** A disk may have got another name, and another one its name. */
  private boolean isStill(Path file, Path beside) throws IOException {
    try {
      return Files.exists(file) && StateFolder.beside(file, home).equals(beside);
    } catch (NodeException e) {
      LOG.debug("{} is another disk by now", file, e);
      return false;
    }
  }
}
