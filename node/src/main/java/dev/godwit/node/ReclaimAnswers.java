package dev.godwit.node;

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
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells a node that has handed a state over to this one what has become of it, and gives up a copy
 * whose program has not run. Answers only the node that it was handed over by. Thread-safe.
 */
final class ReclaimAnswers implements RequestHandler {
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
    call.reply(
        ReclaimReply.newBuilder()
            .setAnswer(answer(call, migration(call.control(ReclaimRequest.parser()))))
            .build());
  }

  private static MigrationId migration(ReclaimRequest request) throws ProtocolException {
    try {
      return new MigrationId(request.getMigration());
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  private ReclaimAnswer answer(Call call, MigrationId migration) throws IOException {
    Optional<Path> file = moves.find(migration).map(RememberedMoves.Move::file);
    if (file.isEmpty()) {
      return ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
    }
    Path beside = StateFolder.beside(file.get(), home);
    if (!StateFolder.remembers(beside, StateFolder.Part.JOURNAL)) {
      return ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
    }
    try (StateFolder folder = StateFolder.open(beside, file.get());
        Journal journal = new Journal(folder.log(StateFolder.Part.JOURNAL))) {
      Ownership ownership = journal.ownership();
      Ownership.@Nullable Pulling origin = Leeching.resumed(ownership);
      if (ownership instanceof Ownership.Owned) {
        // What was remembered of the move would be gone if another one had come after it.
        return ReclaimAnswer.RECLAIM_ANSWER_HERE;
      }
      if (origin == null
          || !origin.migration().equals(migration)
          || !origin.seeder().equals(call.peer().id())) {
        return ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
      }
      return switch (ownership) {
        case Ownership.Running _ -> ReclaimAnswer.RECLAIM_ANSWER_PARTLY_HERE;
        case Ownership.Taken _ -> ReclaimAnswer.RECLAIM_ANSWER_HERE;
        case Ownership.Finalizing _ -> {
          // Durable before the other side acts on it: this node never runs the program on that.
          journal.pulling(origin);
          yield ReclaimAnswer.RECLAIM_ANSWER_GIVEN_UP;
        }
        default -> ReclaimAnswer.RECLAIM_ANSWER_GIVEN_UP;
      };
    } catch (ResourceBusyException e) {
      return ReclaimAnswer.RECLAIM_ANSWER_IN_USE;
    }
  }
}
