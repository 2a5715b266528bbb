package dev.godwit.migration;

import com.google.protobuf.MessageLite;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.session.Lane;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Reply;
import dev.godwit.session.Request;
import dev.godwit.session.Session;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.AbortRequest;
import dev.godwit.wire.proto.DeclineRequest;
import dev.godwit.wire.proto.DescribeReply;
import dev.godwit.wire.proto.DirtyList;
import dev.godwit.wire.proto.DirtyPageRequest;
import dev.godwit.wire.proto.ExtentsReply;
import dev.godwit.wire.proto.ExtentsRequest;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.FinalizeReply;
import dev.godwit.wire.proto.FinalizeRequest;
import dev.godwit.wire.proto.ReleaseRequest;
import dev.godwit.wire.proto.RoundReply;
import dev.godwit.wire.proto.RoundRequest;
import dev.godwit.wire.proto.TrackRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

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

  void track() throws IOException {
    session.call(
        Operation.TRACK, TrackRequest.newBuilder().setMigration(migration.bytes()).build());
  }

  /** The blocks that may hold something else than zeroes. */
  BlockRuns extents(int blocks) throws IOException {
    BlockRuns runs = new BlockRuns();
    int from = 0;
    while (from < blocks) {
      Reply reply =
          session.call(
              Operation.EXTENTS,
              ExtentsRequest.newBuilder()
                  .setMigration(migration.bytes())
                  .setFromBlock(from)
                  .build());
      decode(runs, reply.content(), blocks);
      int next = reply.control(ExtentsReply.parser()).getNextBlock();
      if (next <= from || next > blocks) {
        throw new ProtocolException("extents go on at block " + next + " after " + from);
      }
      from = next;
    }
    return runs;
  }

  /** What was written between the round before and this call. */
  BlockRuns round(int round, int blocks) throws IOException {
    Reply reply =
        session.call(
            Operation.ROUND,
            RoundRequest.newBuilder().setMigration(migration.bytes()).setRound(round).build());
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
    decode(runs, reply.content(), blocks);
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
      decode(runs, more.content(), blocks);
      if (runs.blocks() > blocks) {
        throw new ProtocolException("a list of runs names blocks twice");
      }
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

  private static void decode(BlockRuns runs, ByteBuffer content, int blocks)
      throws ProtocolException {
    try {
      runs.decode(content, blocks);
    } catch (IllegalArgumentException e) {
      throw new ProtocolException("malformed list of runs", e);
    }
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

  void abort(String reason) throws IOException {
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

  /** Reads a range at once, ahead of the background. */
  void fetch(ByteBuffer dst, long offset, Duration deadline) throws IOException {
    Fetch fetch = new Fetch(dst, offset);
    session.submit(fetch);
    try {
      fetch.done.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // The buffer goes back to its pool: a late answer must not write to it.
      fetch.abandon();
      throw new IOException(
          "the rest of the state could not be fetched within " + deadline.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(
          "the rest of the state could not be fetched: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      fetch.abandon();
      Thread.currentThread().interrupt();
      throw (IOException)
          new java.io.InterruptedIOException("interrupted while fetching").initCause(e);
    }
  }

  /** Several runs read in one request. */
  abstract static class Read extends Request {
    private final ByteBuffer runs =
        ByteBuffer.allocateDirect(Operation.READ_RUNS * Operation.READ_RUN_BYTES);

    Read(Lane lane) {
      super(Operation.READ, lane);
      runs.limit(0);
    }

    final void clear() {
      runs.clear().limit(0);
    }

    final void add(long offset, int length) {
      int at = runs.limit();
      runs.limit(at + Operation.READ_RUN_BYTES);
      runs.putLong(at, offset).putInt(at + 8, length);
    }

    final int runs() {
      return runs.limit() / Operation.READ_RUN_BYTES;
    }

    final long offset(int run) {
      return runs.getLong(run * Operation.READ_RUN_BYTES);
    }

    final int length(int run) {
      return runs.getInt(run * Operation.READ_RUN_BYTES + 8);
    }

    final int bytes() {
      int bytes = 0;
      for (int i = 0; i < runs(); i++) {
        bytes += length(i);
      }
      return bytes;
    }

    @Override
    protected @Nullable MessageLite control() {
      return null;
    }

    @Override
    protected ByteBuffer content() {
      return runs;
    }

    @Override
    protected final void replied(FrameHeader header, ByteBuffer control, ByteBuffer content)
        throws IOException {
      if (header.contentLength() != bytes()) {
        throw new ProtocolException(
            "asked for " + bytes() + " bytes and got " + header.contentLength());
      }
      received(header.encoding() == Encoding.ZERO ? null : content);
    }

    /** The bytes of all runs, one after the other; null when all are zero. */
    abstract void received(@Nullable ByteBuffer content) throws IOException;
  }

  private static final class Fetch extends Read {
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private @Nullable ByteBuffer dst;

    Fetch(ByteBuffer dst, long offset) {
      super(Lane.DEMAND);
      this.dst = dst;
      add(offset, dst.remaining());
    }

    @Override
    synchronized void received(@Nullable ByteBuffer content) {
      ByteBuffer target = dst;
      if (target == null) {
        return;
      }
      if (content != null) {
        target.put(content);
      } else {
        while (target.remaining() >= 8) {
          target.putLong(0);
        }
        while (target.hasRemaining()) {
          target.put((byte) 0);
        }
      }
      done.complete(true);
    }

    synchronized void abandon() {
      dst = null;
    }

    @Override
    protected void failed(IOException cause) {
      done.completeExceptionally(cause);
    }
  }
}
