package dev.godwit.migration;

import com.google.protobuf.ByteString;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.pull.RemoteExtents;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Reply;
import dev.godwit.session.Session;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.AbortRequest;
import dev.godwit.wire.proto.DeclineRequest;
import dev.godwit.wire.proto.DescribeReply;
import dev.godwit.wire.proto.DirtyList;
import dev.godwit.wire.proto.DirtyPageRequest;
import dev.godwit.wire.proto.ExtentsRequest;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.FinalizeReply;
import dev.godwit.wire.proto.FinalizeRequest;
import dev.godwit.wire.proto.ReleaseRequest;
import dev.godwit.wire.proto.RoundReply;
import dev.godwit.wire.proto.RoundRequest;
import dev.godwit.wire.proto.TrackReply;
import dev.godwit.wire.proto.TrackRequest;
import java.io.IOException;
import java.time.Duration;

/**
 * The questions that a leecher asks a seeder. Every method may be called again after a failure with
 * the same arguments. Thread-safe.
 */
public final class SeederClient {
  private static final Duration FINALIZE_PATIENCE = Duration.ofMinutes(5);

  /** Everything is here by then; whoever waits for the end of it waits for this too. */
  private static final Duration RELEASE_PATIENCE = Duration.ofSeconds(20);

  private final Session session;
  private final MigrationId migration;

  /** Of the tracking that this has begun; empty before. */
  private volatile ByteString epoch = ByteString.EMPTY;

  /** Asks over {@code session}, on behalf of {@code migration}. */
  public SeederClient(Session session, MigrationId migration) {
    this.session = session;
    this.migration = migration;
  }

  /** The protocol that the session must speak. */
  public static String protocol() {
    return Operation.PROTOCOL;
  }

  /** What the resource is like; needs no migration under way. */
  public DescribeReply describe() throws IOException {
    return session.call(Operation.DESCRIBE, null).control(DescribeReply.parser());
  }

  /**
   * Begins, or, before the first round, does nothing; returns the seeder's place, empty when it
   * does not tell. Nothing is to be destroyed here before the seeder has agreed to this.
   *
   * @throws dev.godwit.session.RemoteException when it does not
   */
  public ByteString track() throws IOException {
    TrackReply reply =
        session
            .call(
                Operation.TRACK, TrackRequest.newBuilder().setMigration(migration.bytes()).build())
            .control(TrackReply.parser());
    epoch = reply.getEpoch();
    return reply.getPlace();
  }

  /** The blocks that may hold something else than zeroes. */
  BlockRuns extents(int blocks) throws IOException {
    return RemoteExtents.collect(
        blocks,
        from ->
            session.call(
                Operation.EXTENTS,
                ExtentsRequest.newBuilder()
                    .setMigration(migration.bytes())
                    .setFromBlock(from)
                    .build()));
  }

  /** What was written between the round before and this call. */
  BlockRuns round(int round, int blocks) throws IOException {
    Reply reply =
        session.call(
            Operation.ROUND,
            RoundRequest.newBuilder()
                .setMigration(migration.bytes())
                .setRound(round)
                .setEpoch(epoch)
                .build());
    return list(reply, reply.control(RoundReply.parser()).getDirty(), round, blocks);
  }

  /**
   * What a successful finalize brought.
   *
   * @param generation ours from now on
   * @param dirty what was written after the last round
   * @param suspend how long the seeder took to stop the program
   * @param flush how long it took to flush and fence
   * @param journal how long it took to make the hand-over durable
   */
  record Handed(
      long generation, BlockRuns dirty, Duration suspend, Duration flush, Duration journal) {}

  Handed finalizeWith(MigrationId token, int blocks) throws IOException {
    FinalizeRequest request =
        FinalizeRequest.newBuilder()
            .setMigration(migration.bytes())
            .setToken(token.bytes())
            .setEpoch(epoch)
            .build();
    Reply reply = session.call(Operation.FINALIZE, request, FINALIZE_PATIENCE);
    FinalizeReply finalized = reply.control(FinalizeReply.parser());
    BlockRuns dirty;
    try {
      dirty = list(reply, finalized.getDirty(), 0, blocks);
    } catch (RemoteException e) {
      // Not to be taken for a refusal to hand over: that has happened.
      throw new IOException("the list of the hand-over could not be read: " + e.getMessage(), e);
    }
    return new Handed(
        finalized.getGeneration(),
        dirty,
        Duration.ofNanos(finalized.getSuspendMicros() * 1000),
        Duration.ofNanos(finalized.getFlushMicros() * 1000),
        Duration.ofNanos(finalized.getJournalMicros() * 1000));
  }

  private BlockRuns list(Reply reply, DirtyList list, int round, int blocks) throws IOException {
    BlockRuns runs = new BlockRuns();
    RemoteExtents.decode(runs, reply.content(), blocks);
    DirtyList page = list;
    while (Integer.compareUnsigned(page.getNextRun(), page.getRuns()) < 0) {
      int from = page.getNextRun();
      Reply more =
          session.call(
              Operation.DIRTY_PAGE,
              DirtyPageRequest.newBuilder()
                  .setMigration(migration.bytes())
                  .setRound(round)
                  .setFromRun(from)
                  .build());
      RemoteExtents.decode(runs, more.content(), blocks);
      page = more.control(DirtyList.parser());
      if (Integer.compareUnsigned(page.getNextRun(), from) <= 0) {
        throw new ProtocolException("a list of runs does not advance");
      }
    }
    if (runs.blocks() != list.getBlocks()) {
      throw new ProtocolException("a list of " + list.getBlocks() + " blocks has " + runs.blocks());
    }
    return runs;
  }

  void release(MigrationId token) throws IOException {
    session.call(
        Operation.RELEASE,
        ReleaseRequest.newBuilder().setMigration(migration.bytes()).setToken(token.bytes()).build(),
        RELEASE_PATIENCE);
  }

  void decline(MigrationId token, String reason) throws IOException {
    session.call(
        Operation.DECLINE,
        DeclineRequest.newBuilder()
            .setMigration(migration.bytes())
            .setToken(token.bytes())
            .setReason(reason)
            .build());
  }

  /**
   * Ends what {@link #track} began.
   *
   * @param reason for people there, a part of a sentence
   */
  public void abort(String reason) throws IOException {
    session.call(
        Operation.ABORT,
        AbortRequest.newBuilder().setMigration(migration.bytes()).setReason(reason).build(),
        Duration.ofSeconds(5));
  }

  /**
   * Whether a refusal to hand over means that the seeder keeps the state for sure. Any other may
   * come after the state was handed over and the answer was lost.
   */
  static boolean isRefusal(RemoteException e) {
    return e.code() == Failure.Code.CONFLICT;
  }
}
