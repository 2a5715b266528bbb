package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.migration.MigrationId;
import dev.godwit.migration.Seeder;
import dev.godwit.migration.SeederState;
import dev.godwit.mount.MountHost;
import dev.godwit.node.RawCaller.Outcome;
import dev.godwit.node.proto.ReclaimAnswer;
import dev.godwit.node.proto.ReclaimReply;
import dev.godwit.node.proto.ReclaimRequest;
import dev.godwit.pullorder.HotBlocks;
import dev.godwit.wire.proto.AbortRequest;
import dev.godwit.wire.proto.DeclineRequest;
import dev.godwit.wire.proto.DirtyPageRequest;
import dev.godwit.wire.proto.Empty;
import dev.godwit.wire.proto.ExtentsRequest;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.FinalizeRequest;
import dev.godwit.wire.proto.MountChangesRequest;
import dev.godwit.wire.proto.MountLeaseRequest;
import dev.godwit.wire.proto.MountMode;
import dev.godwit.wire.proto.MountOpenReply;
import dev.godwit.wire.proto.MountOpenRequest;
import dev.godwit.wire.proto.MountRun;
import dev.godwit.wire.proto.MountWriteRequest;
import dev.godwit.wire.proto.MountZeroKind;
import dev.godwit.wire.proto.MountZeroRequest;
import dev.godwit.wire.proto.ReleaseRequest;
import dev.godwit.wire.proto.RoundRequest;
import dev.godwit.wire.proto.TrackReply;
import dev.godwit.wire.proto.TrackRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An operation that a node answers, and how it is asked for so that it would have an effect.
 *
 * @param operation its number in the protocol
 * @param words what it is, for people
 * @param stage what has to have happened
 * @param body what is sent
 * @param effect whether it has worked, when it was answered
 */
record AuthorityRow(
    String protocol, byte operation, String words, Stage stage, Body body, Effect effect) {
  private static final byte READ = 4;
  private static final int BLOCK = 4096;

  /** What is said to those who may not; nothing when the stream ends without a word. */
  private static final Set<Failure.Code> REFUSALS =
      Set.of(
          Failure.Code.CODE_UNSPECIFIED,
          Failure.Code.NOT_ALLOWED,
          Failure.Code.NOT_A_MEMBER,
          Failure.Code.CONFLICT);

  /** How far whoever may do it has got before. */
  enum Stage {
    NOTHING,
    TRACKED,
    ROUND,
    HANDED_OVER,
    LEASED
  }

  /** What is sent. */
  record Sent(@Nullable MessageLite control, @Nullable ByteBuffer content) {
    static Sent of(MessageLite control) {
      return new Sent(control, null);
    }

    static Sent of(ByteBuffer content) {
      return new Sent(null, content);
    }
  }

  @FunctionalInterface
  interface Body {
    Sent with(Ids ids);
  }

  @FunctionalInterface
  interface Effect {
    boolean isThere(AuthorityWorld world, Outcome.Answered answer) throws IOException;
  }

  /** What names a migration and a lease. */
  static final class Ids {
    final ByteString migration = MigrationId.random(AuthorityWorld.RANDOM).bytes();
    final ByteString token = MigrationId.random(AuthorityWorld.RANDOM).bytes();
    final ByteString moved;
    ByteString epoch = ByteString.EMPTY;
    long lease = 1;

    Ids(AuthorityWorld world) {
      this.moved = world.moved.bytes();
    }
  }

  private static AuthorityRow migration(
      int operation, String words, Stage stage, Body body, Effect effect) {
    return new AuthorityRow(Seeder.protocol(), (byte) operation, words, stage, body, effect);
  }

  private static AuthorityRow mount(
      int operation, String words, Stage stage, Body body, Effect effect) {
    return new AuthorityRow(MountHost.protocol(), (byte) operation, words, stage, body, effect);
  }

  private static boolean any(AuthorityWorld world, Outcome.Answered answer) {
    return true;
  }

  private static Effect state(Class<? extends SeederState> expected) {
    return (world, answer) -> expected.isInstance(world.seeder.state());
  }

  static final List<AuthorityRow> ALL =
      List.of(
          migration(
              1,
              "migration: describe",
              Stage.NOTHING,
              ids -> Sent.of(nothing()),
              AuthorityRow::any),
          migration(
              2,
              "migration: begin",
              Stage.NOTHING,
              ids -> Sent.of(track(ids)),
              state(SeederState.Tracking.class)),
          migration(
              3, "migration: extents", Stage.TRACKED, ids -> Sent.of(extents()), AuthorityRow::any),
          migration(
              READ,
              "migration: read",
              Stage.TRACKED,
              ids -> Sent.of(firstBlock()),
              AuthorityRow::any),
          migration(
              5,
              "migration: what was written since",
              Stage.TRACKED,
              ids -> Sent.of(round(ids)),
              AuthorityRow::any),
          migration(
              6,
              "migration: more of that list",
              Stage.ROUND,
              ids -> Sent.of(page(ids)),
              AuthorityRow::any),
          migration(
              7,
              "migration: take over",
              Stage.ROUND,
              ids -> Sent.of(take(ids)),
              state(SeederState.HandedOver.class)),
          migration(
              8,
              "migration: release",
              Stage.HANDED_OVER,
              ids -> Sent.of(release(ids)),
              state(SeederState.Released.class)),
          migration(
              9,
              "migration: give back",
              Stage.HANDED_OVER,
              ids -> Sent.of(decline(ids)),
              (world, answer) -> !(world.seeder.state() instanceof SeederState.HandedOver)),
          migration(
              10,
              "migration: stop",
              Stage.TRACKED,
              ids -> Sent.of(abort(ids)),
              state(SeederState.Idle.class)),
          mount(
              1,
              "mount: open to read",
              Stage.NOTHING,
              ids -> Sent.of(open(MountMode.MOUNT_MODE_READ)),
              AuthorityRow::any),
          mount(
              1,
              "mount: open to write",
              Stage.NOTHING,
              ids -> Sent.of(open(MountMode.MOUNT_MODE_WRITE)),
              AuthorityRow::any),
          mount(3, "mount: extents", Stage.NOTHING, ids -> Sent.of(extents()), AuthorityRow::any),
          mount(
              READ, "mount: read", Stage.NOTHING, ids -> Sent.of(firstBlock()), AuthorityRow::any),
          mount(
              5,
              "mount: write",
              Stage.LEASED,
              AuthorityRow::write,
              (world, answer) -> world.firstByte() == AuthorityWorld.WRITTEN),
          mount(
              6,
              "mount: zero, trim",
              Stage.LEASED,
              ids -> Sent.of(zero(ids)),
              (world, answer) -> world.firstByte() == 0),
          mount(7, "mount: flush", Stage.LEASED, ids -> Sent.of(lease(ids)), AuthorityRow::any),
          mount(
              8,
              "mount: keep the lease",
              Stage.LEASED,
              ids -> Sent.of(lease(ids)),
              AuthorityRow::any),
          mount(
              9,
              "mount: give the lease back",
              Stage.LEASED,
              ids -> Sent.of(lease(ids)),
              (world, answer) -> isFree(world)),
          mount(
              10,
              "mount: what was read first",
              Stage.NOTHING,
              ids -> Sent.of(nothing()),
              AuthorityRow::any),
          mount(
              11,
              "mount: say what was read first",
              Stage.NOTHING,
              ids -> Sent.of(profile()),
              AuthorityRow::any),
          mount(
              12,
              "mount: what is read most",
              Stage.NOTHING,
              ids -> Sent.of(nothing()),
              AuthorityRow::any),
          mount(
              13,
              "mount: what has changed",
              Stage.NOTHING,
              ids -> Sent.of(MountChangesRequest.getDefaultInstance()),
              AuthorityRow::any),
          new AuthorityRow(
              Pinging.PROTOCOL,
              (byte) 1,
              "ping",
              Stage.NOTHING,
              ids -> Sent.of(nothing()),
              AuthorityRow::any),
          new AuthorityRow(
              ReclaimAnswers.PROTOCOL,
              ReclaimAnswers.ASK,
              "reclaim: what became of what this node handed over",
              Stage.NOTHING,
              ids -> Sent.of(reclaim(ids)),
              (world, answer) ->
                  ReclaimReply.parseFrom(answer.control()).getAnswer()
                      == ReclaimAnswer.RECLAIM_ANSWER_GIVEN_UP));

  /**
   * Gets as far as the row needs.
   *
   * @return whether it has
   */
  boolean prepare(RawCaller by, Ids ids) throws IOException {
    return switch (stage) {
      case NOTHING -> true;
      case TRACKED -> tracked(by, ids);
      case ROUND -> tracked(by, ids) && asked(by, 5, round(ids));
      case HANDED_OVER -> tracked(by, ids) && asked(by, 7, take(ids));
      case LEASED -> leased(by, ids);
    };
  }

  private static boolean asked(RawCaller by, int operation, MessageLite control)
      throws IOException {
    return by.ask(Seeder.protocol(), AuthorityWorld.RESOURCE, (byte) operation, control, null)
        instanceof Outcome.Answered;
  }

  private static boolean tracked(RawCaller by, Ids ids) throws IOException {
    if (by.ask(Seeder.protocol(), AuthorityWorld.RESOURCE, (byte) 2, track(ids), null)
        instanceof Outcome.Answered answered) {
      ids.epoch = TrackReply.parseFrom(answered.control()).getEpoch();
      return true;
    }
    return false;
  }

  private static boolean leased(RawCaller by, Ids ids) throws IOException {
    if (by.ask(
            MountHost.protocol(),
            AuthorityWorld.RESOURCE,
            (byte) 1,
            open(MountMode.MOUNT_MODE_WRITE),
            null)
        instanceof Outcome.Answered answered) {
      ids.lease = MountOpenReply.parseFrom(answered.control()).getGeneration();
      return true;
    }
    return false;
  }

  /** Asks for what the row is about, and looks whether it has worked. */
  boolean works(AuthorityWorld world, RawCaller by, Ids ids) throws IOException {
    Sent sent = body.with(ids);
    Outcome outcome =
        by.ask(protocol, AuthorityWorld.RESOURCE, operation, sent.control(), sent.content());
    return switch (outcome) {
      case Outcome.Answered answer -> effect.isThere(world, answer);
      case Outcome.Refused refused -> {
        // Anything else would say nothing about who may do what.
        assertTrue(
            REFUSALS.contains(refused.code()), () -> words + " was answered with " + refused);
        yield false;
      }
    };
  }

  private static Empty nothing() {
    return Empty.getDefaultInstance();
  }

  private static TrackRequest track(Ids ids) {
    return TrackRequest.newBuilder().setMigration(ids.migration).build();
  }

  private static ExtentsRequest extents() {
    return ExtentsRequest.getDefaultInstance();
  }

  private static ByteBuffer firstBlock() {
    return ByteBuffer.allocate(12).putLong(0).putInt(BLOCK).flip();
  }

  private static RoundRequest round(Ids ids) {
    return RoundRequest.newBuilder()
        .setMigration(ids.migration)
        .setEpoch(ids.epoch)
        .setRound(1)
        .build();
  }

  private static DirtyPageRequest page(Ids ids) {
    return DirtyPageRequest.newBuilder().setMigration(ids.migration).setRound(1).build();
  }

  private static FinalizeRequest take(Ids ids) {
    return FinalizeRequest.newBuilder()
        .setMigration(ids.migration)
        .setEpoch(ids.epoch)
        .setToken(ids.token)
        .build();
  }

  private static ReleaseRequest release(Ids ids) {
    return ReleaseRequest.newBuilder().setMigration(ids.migration).setToken(ids.token).build();
  }

  private static DeclineRequest decline(Ids ids) {
    return DeclineRequest.newBuilder().setMigration(ids.migration).setToken(ids.token).build();
  }

  private static AbortRequest abort(Ids ids) {
    return AbortRequest.newBuilder().setMigration(ids.migration).build();
  }

  private static MountOpenRequest open(MountMode mode) {
    return MountOpenRequest.newBuilder()
        .setMount(MigrationId.random(AuthorityWorld.RANDOM).bytes())
        .setMode(mode)
        .build();
  }

  private static MountLeaseRequest lease(Ids ids) {
    return MountLeaseRequest.newBuilder().setGeneration(ids.lease).build();
  }

  private static Sent write(Ids ids) {
    return new Sent(
        MountWriteRequest.newBuilder()
            .setGeneration(ids.lease)
            .addRuns(MountRun.newBuilder().setOffset(0).setLength(1))
            .build(),
        ByteBuffer.wrap(new byte[] {AuthorityWorld.WRITTEN}));
  }

  private static MountZeroRequest zero(Ids ids) {
    return MountZeroRequest.newBuilder()
        .setGeneration(ids.lease)
        .setLength(BLOCK)
        .setKind(MountZeroKind.MOUNT_ZERO_KIND_HOLES)
        .build();
  }

  private static ByteBuffer profile() {
    return ByteBuffer.wrap(
        new HotBlocks(ChunkGeometry.of(AuthorityWorld.SIZE), Duration.ofHours(1))
            .profile(AuthorityWorld.RESOURCE)
            .encode());
  }

  private static ReclaimRequest reclaim(Ids ids) {
    return ReclaimRequest.newBuilder()
        .setMigration(ids.moved)
        .setResource(AuthorityWorld.RESOURCE)
        .build();
  }

  /** Nobody has the lease: another one gets it. */
  private static boolean isFree(AuthorityWorld world) throws IOException {
    return leased(world.greeted(world.trusted("dave")), new Ids(world));
  }
}
