package dev.godwit.migration;

import com.google.protobuf.ByteString;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.Octets;
import dev.godwit.pull.RangeRead;
import dev.godwit.pull.RangeService;
import dev.godwit.session.Call;
import dev.godwit.session.RemoteException;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.Printable;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.AbortRequest;
import dev.godwit.wire.proto.DeclineRequest;
import dev.godwit.wire.proto.DescribeReply;
import dev.godwit.wire.proto.DirtyList;
import dev.godwit.wire.proto.DirtyPageRequest;
import dev.godwit.wire.proto.Empty;
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
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a leecher asks of a {@link Seeder}: reads requests as events and writes answers as replies.
 * Reads of blocks are answered at once; everything else waits for the seeder's thread. Used by the
 * threads of many requests at once.
 */
final class SeederRequests {
  /** How long one request waits for the thread; the leecher then asks again. */
  private static final Duration ANSWER = Duration.ofSeconds(30);

  private final Seeder seeder;
  private final RangeService ranges;
  private final ChunkGeometry geometry;
  private final Octets place;
  private final SecureRandom random;

  /**
   * The requests of one seeder.
   *
   * @param ranges reads its blocks
   * @param place as {@link Seeder} has it
   * @param random names trackings
   */
  SeederRequests(
      Seeder seeder,
      RangeService ranges,
      ChunkGeometry geometry,
      Octets place,
      SecureRandom random) {
    this.seeder = seeder;
    this.ranges = ranges;
    this.geometry = geometry;
    this.place = place;
    this.random = random;
  }

  /**
   * Answers one request.
   *
   * @throws RemoteException when it is refused
   */
  void handle(Call call) throws IOException {
    switch (call.operation()) {
      case RangeRead.OPERATION -> {
        checkLeecher(call);
        ranges.read(call);
      }
      case Operation.DESCRIBE -> call.reply(describe());
      case Operation.EXTENTS -> {
        checkLeecher(call);
        ranges.extents(call, call.control(ExtentsRequest.parser()).getFromBlock());
      }
      case Operation.DIRTY_PAGE -> dirtyPage(call);
      case Operation.TRACK -> {
        TrackRequest request = call.control(TrackRequest.parser());
        ask(
            call,
            new SeederEvent.TrackAsked(
                call.peer().id(), migration(request.getMigration()), Octets.random(16, random)));
      }
      case Operation.ROUND -> {
        RoundRequest request = call.control(RoundRequest.parser());
        ask(
            call,
            new SeederEvent.RoundAsked(
                own(call, request.getMigration()), epoch(request.getEpoch()), request.getRound()));
      }
      case Operation.FINALIZE -> {
        FinalizeRequest request = call.control(FinalizeRequest.parser());
        ask(
            call,
            new SeederEvent.FinalizeAsked(
                own(call, request.getMigration()),
                epoch(request.getEpoch()),
                migration(request.getToken())));
      }
      case Operation.RELEASE -> {
        ReleaseRequest request = call.control(ReleaseRequest.parser());
        ask(
            call,
            new SeederEvent.ReleaseAsked(
                own(call, request.getMigration()), migration(request.getToken())));
      }
      case Operation.DECLINE -> {
        DeclineRequest request = call.control(DeclineRequest.parser());
        ask(
            call,
            new SeederEvent.DeclineAsked(
                own(call, request.getMigration()),
                migration(request.getToken()),
                Printable.text(request.getReason())));
      }
      case Operation.ABORT -> {
        AbortRequest request = call.control(AbortRequest.parser());
        ask(
            call,
            new SeederEvent.AbortAsked(
                own(call, request.getMigration()), Printable.text(request.getReason())));
      }
      default ->
          throw new RemoteException(
              Failure.Code.UNKNOWN_OPERATION, "unknown operation " + call.operation());
    }
  }

  private static MigrationId migration(ByteString bytes) throws ProtocolException {
    try {
      return new MigrationId(bytes);
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Whoever knows the ids of another node's migration has no part in it for that. */
  private MigrationId own(Call call, ByteString bytes) throws IOException {
    MigrationId migration = migration(bytes);
    if (seeder.state().isAnothers(migration, call.peer().id())) {
      throw new RemoteException(
          Failure.Code.CONFLICT, "this migration of " + seeder.resource() + " is another node's");
    }
    return migration;
  }

  private static Octets epoch(ByteString bytes) {
    return Octets.of(bytes.toByteArray());
  }

  private DescribeReply describe() throws IOException {
    return DescribeReply.newBuilder()
        .setSize(geometry.size())
        .setBlockSize(geometry.blockSize())
        .setChunkSize(geometry.chunkSize())
        .setGeneration(seeder.state().generation())
        .setState(seeder.state().word())
        .setDataBytes(ranges.dataBytes())
        .build();
  }

  /** Only the node that the migration belongs to may read. */
  private void checkLeecher(Call call) throws RemoteException {
    if (seeder.state().migratesTo().filter(call.peer().id()::equals).isEmpty()) {
      throw new RemoteException(
          Failure.Code.CONFLICT,
          "no migration of " + seeder.resource() + " to this node is under way");
    }
  }

  private void dirtyPage(Call call) throws IOException {
    checkLeecher(call);
    DirtyPageRequest request = call.control(DirtyPageRequest.parser());
    RoundList current = seeder.listed();
    if (current.round() != request.getRound()
        || request.getFromRun() < 0
        || request.getFromRun() > current.runs().size()) {
      throw new RemoteException(Failure.Code.CONFLICT, "the list of that round is gone");
    }
    PooledBuffer buffer = call.buffer();
    DirtyList list = encode(current.runs(), request.getFromRun(), buffer.bytes());
    call.reply(list, buffer);
  }

  private static DirtyList encode(BlockRuns runs, int from, ByteBuffer dst) {
    int next = runs.encode(dst, from);
    return DirtyList.newBuilder()
        .setBlocks(runs.blocks())
        .setRuns(runs.size())
        .setNextRun(next)
        .build();
  }

  /** Tells the seeder what is asked, and sends its answer. */
  private void ask(Call call, SeederEvent event) throws IOException {
    try {
      reply(call, seeder.tell(event).get(ANSWER.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      throw (IOException)
          new RemoteException(
                  Failure.Code.BUSY,
                  seeder.resource() + " is busy with a hand-over; try again in a moment")
              .initCause(e);
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause().getMessage()), e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
  }

  private void reply(Call call, SeederAnswer answer) throws IOException {
    switch (answer) {
      case SeederAnswer.Done _ -> call.reply(Empty.getDefaultInstance());
      case SeederAnswer.Tracked tracked ->
          call.reply(
              TrackReply.newBuilder()
                  .setGeneration(seeder.state().generation())
                  .setPlace(ByteString.copyFrom(place.toByteArray()))
                  .setEpoch(ByteString.copyFrom(tracked.epoch().toByteArray()))
                  .build());
      case SeederAnswer.Round round -> {
        PooledBuffer buffer = call.buffer();
        DirtyList list = encode(round.dirty(), 0, buffer.bytes());
        call.reply(RoundReply.newBuilder().setRound(round.round()).setDirty(list).build(), buffer);
      }
      case SeederAnswer.Finalized done -> {
        PooledBuffer buffer = call.buffer();
        DirtyList list = encode(done.dirty(), 0, buffer.bytes());
        call.reply(
            FinalizeReply.newBuilder()
                .setGeneration(done.generation())
                .setDirty(list)
                .setSuspendMicros(done.suspend() / 1000)
                .setFlushMicros(done.flush() / 1000)
                .setJournalMicros(done.journal() / 1000)
                .build(),
            buffer);
      }
      case SeederAnswer.Refused refused ->
          throw new RemoteException(refused.code(), refused.reason());
    }
  }
}
