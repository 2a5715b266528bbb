package dev.godwit.node;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;
import dev.godwit.log.ResourceBusyException;
import dev.godwit.migration.Journal;
import dev.godwit.migration.MigrationId;
import dev.godwit.migration.Ownership;
import dev.godwit.node.proto.ReclaimAnswer;
import dev.godwit.node.proto.ReclaimReply;
import dev.godwit.node.proto.ReclaimRequest;
import dev.godwit.signaling.PresentInstance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a state this node's own again after a move that cannot be finished: one that was handed
 * over to a node that does not go on, or one that came from a node that is gone. The other node is
 * asked first. Blocking, on the caller's thread.
 */
public final class Reclaiming {
  private static final Logger LOG = LoggerFactory.getLogger(Reclaiming.class);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final Node node;
  private final String resource;
  private final Path file;
  private final Unasked unasked;

  /** What to do when the other node cannot be asked. */
  public enum Unasked {
    /** Leave everything as it is. */
    REFUSE,
    /** Take the state all the same. */
    FORCE
  }

  /**
   * What came of it.
   *
   * @param generation of the state that is this node's now
   * @param missing bytes that are at the other node only
   * @param moment of which the rest is
   */
  public record Outcome(long generation, long missing, Moment moment) {}

  /** Of which moment a state is. */
  public enum Moment {
    /** As its program left it. */
    LAST,
    /** Some parts may be older than others: what was written last is known to the seeder only. */
    MIXED
  }

  /**
   * Nothing is done before {@link #run}.
   *
   * @param resource its name in the mesh, for messages
   */
  public Reclaiming(Node node, String resource, Path file, Unasked unasked) throws IOException {
    this.node = node;
    this.resource = resource;
    this.file = LocalFiles.real(file);
    this.unasked = unasked;
  }

  /**
   * Looks for mistakes that can be seen on this machine alone.
   *
   * @throws NodeException when there is nothing to take back
   */
  public static void check(Path at, NodeHome home) throws IOException {
    Path file = LocalFiles.real(at);
    if (!Files.exists(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED, "There is no file " + file + " to take back.");
    }
    Path beside = StateFolder.beside(file, home);
    if (!StateFolder.remembers(beside, StateFolder.Part.JOURNAL)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file + " is in no move, and belongs to whoever has it: there is nothing to take back.");
    }
    var remembered = Seeding.remembered(beside);
    if (remembered.isEmpty()) {
      throw busy(file);
    }
    checkUnfinished(remembered.get(), file);
  }

  private static NodeException busy(Path file) {
    return new NodeException(
        NodeException.Kind.FAILED,
        "Another process works with "
            + file
            + " ('godwit status' shows which). End it first, or let it finish.");
  }

  private static void checkUnfinished(Ownership ownership, Path file) throws NodeException {
    switch (ownership) {
      case Ownership.HandedOver _, Ownership.Running _, Ownership.Finalizing _ -> {}
      case Ownership.Unknown _, Ownership.Owned _, Ownership.Taken _ ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file + " belongs to this node already; there is nothing to take back.");
      case Ownership.Released released ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file
                  + " has moved: the other node has confirmed that it has all of it (generation "
                  + released.generation()
                  + "). Move it back from there with 'godwit seed' and 'godwit leech --overwrite'.");
      case Ownership.Pulling _, Ownership.Declined _ ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file
                  + " is a copy that was never finished, and its state is still where it came from."
                  + " Finish it with 'godwit leech', or delete it.");
    }
  }

  /**
   * Takes the state.
   *
   * @throws NodeException when that is refused, and why
   * @throws IOException when it could not be made durable
   */
  public Outcome run() throws IOException {
    Path beside = StateFolder.beside(file, node.home());
    try (StateFolder folder = StateFolder.open(beside, file);
        Journal journal = new Journal(folder.log(StateFolder.Part.JOURNAL))) {
      folder.hold(file);
      Ownership ownership = journal.ownership();
      checkUnfinished(ownership, file);
      Outcome outcome =
          switch (ownership) {
            case Ownership.HandedOver given -> handedOver(given);
            case Ownership.Running running -> running(running);
            case Ownership.Finalizing finalizing -> finalizing(finalizing);
            default -> throw new IllegalStateException("not unfinished: " + ownership.word());
          };
      journal.owned(outcome.generation());
      return outcome;
    } catch (ResourceBusyException e) {
      throw (NodeException) busy(file).initCause(e);
    }
  }

  private Outcome handedOver(Ownership.HandedOver given) throws IOException {
    String leecher = node.nameOf(given.leecher());
    ReclaimAnswer answer = ask(given.leecher(), leecher, given.migration());
    switch (answer) {
      case RECLAIM_ANSWER_GIVEN_UP ->
          LOG.debug("{} has given its copy of {} up", leecher, resource);
      case RECLAIM_ANSWER_IN_USE ->
          throw refused(
              leecher
                  + " works with "
                  + resource
                  + " right now. "
                  + (given.dirty().isEmpty()
                      ? ""
                      : "It may still need what is here: run 'godwit seed'. ")
                  + back(leecher));
      case RECLAIM_ANSWER_PARTLY_HERE ->
          throw refused(
              resource
                  + " belongs to "
                  + leecher
                  + ", where its program may have run, and which still needs what is here: run"
                  + " 'godwit seed' here and the same 'godwit leech' there. "
                  + back(leecher));
      case RECLAIM_ANSWER_HERE ->
          throw refused(
              "All of "
                  + resource
                  + " has come to "
                  + leecher
                  + ", and belongs to it, or to whom it has moved on. "
                  + back(leecher));
      default -> {
        if (unasked == Unasked.REFUSE) {
          throw refused(
              leecher
                  + " is there, and knows nothing of this move: its copy, or its home, was removed."
                  + " If "
                  + resource
                  + " runs nowhere else, take it back with --force.");
        }
      }
    }
    return new Outcome(given.generation() + 1, 0, Moment.LAST);
  }

  private String back(String leecher) {
    return "To bring it back, move it: 'godwit seed "
        + resource
        + "' there, and 'godwit leech "
        + leecher
        + "/"
        + resource
        + "' here.";
  }

  private static NodeException refused(String why) {
    return new NodeException(NodeException.Kind.FAILED, why);
  }

  /**
   * What the other node says. That it cannot be asked matters less when it is known to be gone; one
   * that is there and does not answer may run the program.
   */
  private ReclaimAnswer ask(NodeId other, String called, MigrationId migration) throws IOException {
    List<PresentInstance> processes = present(other, called);
    if (processes.isEmpty()) {
      if (unasked == Unasked.FORCE) {
        return ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN;
      }
      throw new NodeException(
          NodeException.Kind.UNREACHABLE,
          called
              + ", which "
              + resource
              + " was handed over to, is not there. If its program has run there, what it has"
              + " written since would be lost, and when "
              + called
              + " is back there would be two. Start 'godwit up' there. Or, if "
              + called
              + " is gone for ever, take the state back with --force.");
    }
    IOException silent = null;
    ReclaimAnswer worst = null;
    for (PresentInstance process : processes) {
      try {
        ReclaimAnswer said = ask(process, migration);
        // A copy of that node may say that it has nothing, while the other one runs the program.
        worst = worst == null ? said : heavier(said, worst);
      } catch (IOException e) {
        LOG.debug("a process of {} does not answer", called, e);
        silent = e;
      }
    }
    if (worst == null) {
      throw new NodeException(
          NodeException.Kind.UNREACHABLE,
          called
              + " is logged in at the hub, and does not say what has become of "
              + resource
              + " ("
              + (silent == null ? "no answer" : silent.getMessage())
              + "). Its program may run there. Start 'godwit up' there, of this version, or end what"
              + " runs of godwit there.",
          silent == null ? new IOException("no answer") : silent);
    }
    return worst;
  }

  /** The one of two answers that speaks more against taking the state back. */
  static ReclaimAnswer heavier(ReclaimAnswer one, ReclaimAnswer other) {
    return weight(one) > weight(other) ? one : other;
  }

  /** How much an answer speaks against taking the state back. */
  private static int weight(ReclaimAnswer answer) {
    return switch (answer) {
      case RECLAIM_ANSWER_IN_USE -> 4;
      case RECLAIM_ANSWER_PARTLY_HERE -> 3;
      case RECLAIM_ANSWER_HERE -> 2;
      case RECLAIM_ANSWER_GIVEN_UP -> 1;
      default -> 0;
    };
  }

  /** Where nobody can be asked who is there, only who is sure that nobody is goes on. */
  private List<PresentInstance> present(NodeId other, String called) throws IOException {
    try {
      return node.present(other, called);
    } catch (NodeException e) {
      if (unasked == Unasked.FORCE && e.kind() == NodeException.Kind.UNREACHABLE) {
        LOG.debug("the hub cannot be asked for {}", called, e);
        return List.of();
      }
      throw e;
    }
  }

  private ReclaimAnswer ask(PresentInstance process, MigrationId migration) throws IOException {
    return node.ask(
            process,
            ReclaimAnswers.PROTOCOL,
            ReclaimAnswers.ASK,
            ReclaimRequest.newBuilder()
                .setMigration(migration.bytes())
                .setResource(resource)
                .build(),
            ANSWER)
        .control(ReclaimReply.parser())
        .getAnswer();
  }

  private Outcome running(Ownership.Running running) throws IOException {
    Ownership.Pulling origin = running.origin().pulling();
    checkGone(origin);
    return new Outcome(
        running.generation() + 1, bytes(origin.geometry(), running.missing()), Moment.LAST);
  }

  private Outcome finalizing(Ownership.Finalizing finalizing) throws IOException {
    Ownership.Pulling origin = finalizing.pulling();
    checkGone(origin);
    // Which generation it is, only the seeder knows.
    return new Outcome(1, bytes(origin.geometry(), finalizing.missing()), Moment.MIXED);
  }

  private static long bytes(ChunkGeometry geometry, BlockRuns blocks) {
    long bytes = 0;
    for (int i = 0; i < blocks.size(); i++) {
      bytes += geometry.bytes(blocks.from(i), blocks.to(i));
    }
    return bytes;
  }

  /** Here the rest of the state can come only from the seeder; without it, it is lost. */
  private void checkGone(Ownership.Pulling origin) throws IOException {
    Path beside = StateFolder.beside(file, node.home());
    String seeder =
        node.home().moves().all().stream()
            .filter(move -> move.beside().equals(beside))
            .map(RememberedMoves.Move::called)
            .findFirst()
            .orElseGet(() -> node.nameOf(origin.seeder()));
    boolean there = !present(origin.seeder(), seeder).isEmpty();
    if (there || unasked == Unasked.REFUSE) {
      throw new NodeException(
          there ? NodeException.Kind.FAILED : NodeException.Kind.UNREACHABLE,
          "Not all of "
              + resource
              + " is here, and "
              + seeder
              + (there
                  ? " is there: run 'godwit seed' there, and the same 'godwit leech' here."
                  : " is not there. When it comes back, the same 'godwit leech' finishes the move."
                      + " If it is gone for ever, take what is here with --force."));
    }
  }
}
