package dev.godwit.mount;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.pull.RemoteExtents;
import dev.godwit.pullorder.AccessProfile;
import dev.godwit.session.Lane;
import dev.godwit.session.Reply;
import dev.godwit.session.Session;
import dev.godwit.session.SessionState;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.ExtentsRequest;
import dev.godwit.wire.proto.MountChangesReply;
import dev.godwit.wire.proto.MountChangesRequest;
import dev.godwit.wire.proto.MountDone;
import dev.godwit.wire.proto.MountLeaseRequest;
import dev.godwit.wire.proto.MountMode;
import dev.godwit.wire.proto.MountOpenReply;
import dev.godwit.wire.proto.MountOpenRequest;
import dev.godwit.wire.proto.MountRun;
import dev.godwit.wire.proto.MountZeroKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The questions that a mount asks the owner. Every method may be called again after a failure with
 * the same arguments. Thread-safe.
 */
public final class MountClient {
  private static final Duration CLOSE = Duration.ofSeconds(5);

  private final Session session;

  /** Asks over {@code session}, which speaks {@link MountHost#protocol}. */
  public MountClient(Session session) {
    this.session = session;
  }

  /** Whether the owner can be asked at once. */
  boolean isConnected() {
    return session.state() instanceof SessionState.Connected;
  }

  /** What a mount does with the resource. */
  public enum Access {
    /** It reads. */
    READ,
    /** It reads, and is the only one that writes. */
    WRITE
  }

  /**
   * What a mount was let into.
   *
   * @param geometry of the resource
   * @param generation of the lease: its own when it may write, the last one that nobody writes with
   *     any more when it may not
   * @param lease how long the lease lasts after each request that names it
   * @param unchanged whether nobody else has written since the generation that was asked with
   * @param dataBytes bytes that are not in holes
   * @param moment when it was let in
   */
  public record Opened(
      ChunkGeometry geometry,
      long generation,
      Duration lease,
      boolean unchanged,
      long dataBytes,
      Moment moment) {
    /** Renewing a lease that is shorter than this would be all that a mount does. */
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);

    /** Rejects a lease shorter than a second. */
    public Opened {
      if (lease.compareTo(SHORTEST_LEASE) < 0) {
        throw new IllegalArgumentException("a lease of " + lease.toMillis() + " ms");
      }
    }

    /** Of the owner; another one each time that it begins to serve the resource. */
    long incarnation() {
      return moment.incarnation();
    }
  }

  /**
   * A moment of an owner's clock of changes, to ask with what has changed since.
   *
   * @param incarnation of the owner, whose clock it is
   */
  public record Moment(long incarnation, long time) {}

  /**
   * What has changed at the owner.
   *
   * @param blocks that may have, in ascending order
   * @param until to ask with the next time
   * @param size of the resource now, bytes
   */
  record Changes(BlockRuns blocks, Moment until, long size) {}

  /**
   * Begins a mount, or goes on with one.
   *
   * @param mount which
   * @param known the newest generation that it has seen; 0 when none
   * @param onlyUnchanged refuse to write when others have written since
   * @throws dev.godwit.session.RemoteException when the owner refuses
   * @throws IOException when it does not answer, or what it says makes no sense
   */
  public Opened open(MountId mount, Access access, long known, boolean onlyUnchanged)
      throws IOException {
    MountOpenReply reply =
        session
            .call(
                MountOperation.OPEN,
                MountOpenRequest.newBuilder()
                    .setMount(mount.bytes())
                    .setMode(
                        switch (access) {
                          case READ -> MountMode.MOUNT_MODE_READ;
                          case WRITE -> MountMode.MOUNT_MODE_WRITE;
                        })
                    .setGeneration(known)
                    .setOnlyUnchanged(onlyUnchanged)
                    .build())
            .control(MountOpenReply.parser());
    try {
      return new Opened(
          new ChunkGeometry(reply.getSize(), reply.getBlockSize(), reply.getChunkSize()),
          reply.getGeneration(),
          Duration.ofMillis(Integer.toUnsignedLong(reply.getLeaseMillis())),
          reply.getUnchanged(),
          reply.getDataBytes(),
          new Moment(reply.getIncarnation(), reply.getMoment()));
    } catch (IllegalArgumentException e) {
      throw new ProtocolException("its description makes no sense: " + e.getMessage(), e);
    }
  }

  /**
   * The blocks that may hold something other than zeroes, now.
   *
   * @param blocks how many the resource has
   * @throws IOException as {@link #open}
   */
  public BlockRuns extents(int blocks) throws IOException {
    return extents(0, blocks, blocks);
  }

  /**
   * As the other one, of the blocks from {@code first} (inclusive) to {@code end} (exclusive); what
   * lies around them may be told, too.
   *
   * @throws IOException as that
   */
  BlockRuns extents(int first, int end, int blocks) throws IOException {
    return RemoteExtents.collect(
        first,
        end,
        blocks,
        from ->
            session.call(
                MountOperation.EXTENTS, ExtentsRequest.newBuilder().setFromBlock(from).build()));
  }

  /**
   * The blocks that may have changed since a moment: all of them when the owner has begun anew.
   *
   * @param blocks how many the resource has
   * @param deadline for each page of the answer
   * @throws IOException as {@link #open}
   */
  Changes changes(Moment since, int blocks, Duration deadline) throws IOException {
    BlockRuns changed = new BlockRuns();
    Moment until = since;
    long size = 0;
    for (int from = 0; from < blocks; ) {
      Reply page =
          session.call(
              MountOperation.CHANGES,
              MountChangesRequest.newBuilder()
                  .setIncarnation(since.incarnation())
                  .setMoment(since.time())
                  .setFromBlock(from)
                  .build(),
              deadline);
      MountChangesReply reply = page.control(MountChangesReply.parser());
      Moment now = new Moment(reply.getIncarnation(), reply.getMoment());
      if (now.incarnation() != since.incarnation()) {
        BlockRuns all = new BlockRuns();
        all.add(0, blocks);
        return new Changes(all, now, reply.getSize());
      }
      if (from == 0) {
        // What changes while the pages come is on one of them, or is told the next time.
        until = now;
        size = reply.getSize();
      }
      RemoteExtents.decode(changed, page.content(), blocks);
      int next = reply.getNextBlock();
      if (next <= from || next > blocks) {
        throw new ProtocolException("changes go on at block " + next + " after " + from);
      }
      from = next;
    }
    return new Changes(changed, until, size);
  }

  /**
   * What the last mount read first, as the owner knows it.
   *
   * @throws IOException when the owner does not answer, or what it has is no profile
   */
  Optional<AccessProfile> profile() throws IOException {
    return profile(MountOperation.PROFILE);
  }

  /**
   * What programs on the owner's machine read most; empty when they have read nothing.
   *
   * @throws IOException when the owner does not answer, or what it has is no profile
   */
  Optional<AccessProfile> hot() throws IOException {
    return profile(MountOperation.HOT).filter(hot -> hot.runs() > 0);
  }

  private Optional<AccessProfile> profile(byte operation) throws IOException {
    ByteBuffer content = session.call(operation, null).content();
    if (!content.hasRemaining()) {
      return Optional.empty();
    }
    byte[] encoded = new byte[Math.min(content.remaining(), AccessProfile.MAX_ENCODED)];
    content.get(encoded);
    return Optional.of(AccessProfile.decode(encoded));
  }

  /**
   * Tells the owner what this mount has read first.
   *
   * @throws IOException when it does not take it
   */
  void save(AccessProfile profile) throws IOException {
    Reply _ =
        session.callWith(MountOperation.SAVE_PROFILE, ByteBuffer.wrap(profile.encode()), CLOSE);
  }

  /**
   * Makes everything durable that this incarnation of the owner has answered before.
   *
   * @return the incarnation
   * @throws IOException when that could not be confirmed
   */
  long flush(long generation, Duration deadline) throws IOException {
    return session
        .call(MountOperation.FLUSH, lease(generation), deadline)
        .control(MountDone.parser())
        .getIncarnation();
  }

  /**
   * Keeps the lease.
   *
   * @throws dev.godwit.session.RemoteException when somebody else has it
   */
  void renew(long generation, Duration deadline) throws IOException {
    session.call(MountOperation.RENEW, lease(generation), deadline);
  }

  /** Gives the lease back. */
  void close(long generation) throws IOException {
    session.call(MountOperation.CLOSE, lease(generation), CLOSE);
  }

  private static MountLeaseRequest lease(long generation) {
    return MountLeaseRequest.newBuilder().setGeneration(generation).build();
  }

  /**
   * Asks to store bytes; does not wait for the answer.
   *
   * @param runs where, in ascending order
   * @param content must not change until {@code answer} hears of it, or it was withdrawn
   * @throws IOException when the session is over; {@code answer} then hears nothing
   */
  MountChange write(
      Lane lane,
      long generation,
      List<MountRun> runs,
      ByteBuffer content,
      MountChange.Answer answer)
      throws IOException {
    MountChange change = MountChange.write(lane, generation, runs, content, answer);
    session.submit(change);
    return change;
  }

  /** As {@link #write}, for zeroes and trims. */
  MountChange zero(
      Lane lane,
      long generation,
      long offset,
      long length,
      MountZeroKind kind,
      MountChange.Answer answer)
      throws IOException {
    MountChange change = MountChange.zero(lane, generation, offset, length, kind, answer);
    session.submit(change);
    return change;
  }

  /**
   * Takes an unanswered change back: it may have been done, but is not done any more once something
   * else was answered.
   */
  void abandon(MountChange change, String why) {
    session.abandon(change, why);
  }
}
