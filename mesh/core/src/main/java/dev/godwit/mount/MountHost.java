package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChangeTimes;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.FencedException;
import dev.godwit.membership.Capability;
import dev.godwit.pull.RangeRead;
import dev.godwit.pull.RangeService;
import dev.godwit.pullorder.AccessProfile;
import dev.godwit.pullorder.HotBlocks;
import dev.godwit.session.Call;
import dev.godwit.session.Peer;
import dev.godwit.session.RemoteException;
import dev.godwit.session.RequestHandler;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Empty;
import dev.godwit.wire.proto.ExtentsRequest;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.MountChangesReply;
import dev.godwit.wire.proto.MountChangesRequest;
import dev.godwit.wire.proto.MountDone;
import dev.godwit.wire.proto.MountLeaseRequest;
import dev.godwit.wire.proto.MountOpenReply;
import dev.godwit.wire.proto.MountOpenRequest;
import dev.godwit.wire.proto.MountWriteRequest;
import dev.godwit.wire.proto.MountZeroRequest;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The owner's side of mounts: answers those who read a resource, and the one who writes it.
 * Thread-safe.
 */
public final class MountHost {
  private final String resource;
  private final ChunkGeometry geometry;
  private final Backend device;
  private final Writers writers;
  private final LeaseBook leases;
  private final long incarnation;
  private final ProfileStore profiles;
  private final HotBlocks hot;
  private final ChangeTimes changes;
  private final RangeService ranges;

  /** Those who only read ask once a second what has changed. */
  private static final Duration READERS = Duration.ofSeconds(3);

  private final List<Consumer<IOException>> troubles = new CopyOnWriteArrayList<>();
  private final MountWriter writer;
  private volatile boolean closed;

  /** What mounts are told once the state belongs to another node; null until then. */
  private volatile @Nullable String moved;

  /** When a mount has asked for something last, in nanoseconds of a steady clock. */
  private volatile long asked;

  /** Who writes the resource. */
  public enum Writers {
    /** A mount, if there is one. */
    MOUNTS,
    /** A program on the owner's machine, so that mounts can only read. */
    LOCAL_PROGRAM
  }

  /**
   * Serves a resource.
   *
   * @param resource its name, for messages and permissions
   * @param device what is read and written; closed by the caller. Whoever changes it, {@code
   *     changes} has to hear of it
   * @param leases of this resource; closed by the caller
   * @param incarnation another one each time that the resource begins to be served
   * @param profiles where what mounts read first is kept
   * @param hot what programs on the owner's machine read most
   * @param changes when each part of the resource was changed
   */
  public MountHost(
      String resource,
      ChunkGeometry geometry,
      Backend device,
      Writers writers,
      LeaseBook leases,
      long incarnation,
      ProfileStore profiles,
      HotBlocks hot,
      ChangeTimes changes) {
    this.resource = resource;
    this.geometry = geometry;
    this.device = device;
    this.writers = writers;
    this.leases = leases;
    this.incarnation = incarnation;
    this.asked = System.nanoTime() - READERS.toNanos();
    this.profiles = profiles;
    this.hot = hot;
    this.changes = changes;
    this.ranges = new RangeService(device, geometry);
    this.writer = new MountWriter(device, geometry);
  }

  /** The protocol that {@link #handler} answers. */
  public static String protocol() {
    return MountOperation.PROTOCOL;
  }

  /**
   * What answers the requests of one peer.
   *
   * @throws RemoteException when the peer may not read the resource
   */
  public RequestHandler handler(Peer peer) throws RemoteException {
    peer.require(resource, Capability.READ);
    return this::handle;
  }

  /**
   * Calls {@code listener} when a file here cannot be read, written or flushed for a mount, the
   * state or what is remembered of it; on a thread of the request, each time.
   */
  public void onTrouble(Consumer<IOException> listener) {
    troubles.add(listener);
  }

  /**
   * The state belongs to another node for good: every mount that asks is told, and ends.
   *
   * @param to that node's name
   */
  public void moved(String to) {
    moved = resource + " has moved to " + to;
  }

  /** How long it takes until every mount that is there now has asked for something. */
  public Duration untilAllHaveAsked() {
    if (leases.isHeld()) {
      return leases.time().dividedBy(LeaseKeeper.RENEWALS).plus(READERS);
    }
    return System.nanoTime() - asked < READERS.toNanos() ? READERS : Duration.ZERO;
  }

  /** Answers nothing any more. */
  public void close() {
    closed = true;
  }

  private void handle(Call call) throws IOException {
    if (closed) {
      throw new RemoteException(
          Failure.Code.NO_SUCH_RESOURCE, resource + " is not served any more");
    }
    asked = System.nanoTime();
    String elsewhere = moved;
    if (elsewhere != null) {
      throw new RemoteException(Failure.Code.CONFLICT, elsewhere);
    }
    try {
      answer(call);
    } catch (FencedException e) {
      throw (IOException)
          new RemoteException(Failure.Code.CONFLICT, String.valueOf(e.getMessage())).initCause(e);
    } catch (IOException e) {
      if (isOfFiles(e)) {
        // Who can do something about it is on this machine.
        troubles.forEach(each -> each.accept(e));
      }
      throw e;
    }
  }

  private static boolean isOfFiles(IOException e) {
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof FileSystemException) {
        return true;
      }
    }
    return false;
  }

  private void answer(Call call) throws IOException {
    switch (call.operation()) {
      case RangeRead.OPERATION -> ranges.read(call);
      case MountOperation.WRITE -> write(call, call.control(MountWriteRequest.parser()));
      case MountOperation.ZERO -> zero(call, call.control(MountZeroRequest.parser()));
      case MountOperation.FLUSH -> {
        renew(call, call.control(MountLeaseRequest.parser()).getGeneration());
        device.flush();
        call.reply(done());
      }
      case MountOperation.EXTENTS ->
          ranges.extents(call, call.control(ExtentsRequest.parser()).getFromBlock());
      case MountOperation.OPEN -> call.reply(open(call, call.control(MountOpenRequest.parser())));
      case MountOperation.RENEW -> {
        renew(call, call.control(MountLeaseRequest.parser()).getGeneration());
        call.reply(Empty.getDefaultInstance());
      }
      case MountOperation.CLOSE -> {
        leases.release(call.control(MountLeaseRequest.parser()).getGeneration(), call.peer().id());
        call.reply(Empty.getDefaultInstance());
      }
      case MountOperation.PROFILE -> reply(call, profiles.load().orElse(new byte[0]));
      case MountOperation.HOT -> reply(call, hot.profile(resource).encode());
      case MountOperation.SAVE_PROFILE -> saveProfile(call);
      case MountOperation.CHANGES -> changes(call, call.control(MountChangesRequest.parser()));
      default ->
          throw new RemoteException(
              Failure.Code.UNKNOWN_OPERATION, "unknown operation " + call.operation());
    }
  }

  /** Who has the lease may have lost the right to write since. */
  private void renew(Call call, long generation) throws RemoteException {
    call.peer().require(resource, Capability.WRITE);
    leases.renew(generation, call.peer().id());
  }

  private MountOpenReply open(Call call, MountOpenRequest request) throws IOException {
    leases.remember();
    MountOpenReply.Builder reply =
        MountOpenReply.newBuilder()
            .setSize(geometry.size())
            .setBlockSize(geometry.blockSize())
            .setChunkSize(geometry.chunkSize())
            .setLeaseMillis((int) leases.time().toMillis())
            .setDataBytes(ranges.dataBytes())
            .setIncarnation(incarnation)
            .setMoment(changes.moment());
    return switch (request.getMode()) {
      case MOUNT_MODE_READ ->
          reply
              .setGeneration(settled())
              .setUnchanged(
                  writers == Writers.MOUNTS && leases.isUnchangedSince(request.getGeneration()))
              .build();
      case MOUNT_MODE_WRITE -> {
        LeaseRules.Decision.Granted granted = acquire(call.peer(), request);
        writer.begins(granted.lease().generation(), call.origin());
        yield reply
            .setGeneration(granted.lease().generation())
            .setUnchanged(granted.unchanged())
            .build();
      }
      case MOUNT_MODE_UNSPECIFIED, UNRECOGNIZED ->
          throw new ProtocolException("a mount is to read or to write");
    };
  }

  /** Of what a reader fetches now, the newest generation that cannot change any more. */
  private long settled() {
    return switch (writers) {
      case MOUNTS -> leases.settled();
      // Its program has the newest one.
      case LOCAL_PROGRAM -> Math.max(0, leases.settled() - 1);
    };
  }

  private void changes(Call call, MountChangesRequest request) throws IOException {
    int from = request.getFromBlock();
    if (from < 0 || from >= geometry.blocks()) {
      throw new ProtocolException("changes from block " + Integer.toUnsignedString(from));
    }
    long moment = changes.moment();
    int next = geometry.blocks();
    BlockRuns runs = new BlockRuns();
    PooledBuffer buffer = call.buffer();
    if (request.getIncarnation() == incarnation) {
      int most = buffer.bytes().remaining() / BlockRuns.MAX_RUN_BYTES;
      next = changes.changedSince(request.getMoment(), from, most, runs);
    }
    int _ = runs.encode(buffer.bytes(), 0);
    call.reply(
        MountChangesReply.newBuilder()
            .setIncarnation(incarnation)
            .setMoment(moment)
            .setNextBlock(next)
            .setSize(geometry.size())
            .build(),
        buffer);
  }

  private LeaseRules.Decision.Granted acquire(Peer peer, MountOpenRequest request)
      throws IOException {
    peer.require(resource, Capability.WRITE);
    if (writers == Writers.LOCAL_PROGRAM) {
      throw new RemoteException(
          Failure.Code.BUSY,
          "its owner offers it with a device, so only programs on that machine may write it");
    }
    return leases.acquire(
        new LeaseRules.Claim(
            mount(request),
            peer.id(),
            peer.membership().name(),
            request.getGeneration(),
            request.getOnlyUnchanged()));
  }

  private static MountId mount(MountOpenRequest request) throws ProtocolException {
    try {
      return new MountId(request.getMount());
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  private static void reply(Call call, byte[] encoded) throws IOException {
    PooledBuffer buffer = call.buffer();
    buffer.bytes().put(encoded);
    call.reply(null, buffer);
  }

  private void saveProfile(Call call) throws IOException {
    call.peer().require(resource, Capability.WRITE);
    byte[] encoded = new byte[Math.min(call.content().remaining(), AccessProfile.MAX_ENCODED)];
    call.content().get(encoded);
    if (!AccessProfile.decode(encoded).isOf(resource, geometry.size())) {
      throw new ProtocolException("a profile of another resource");
    }
    profiles.save(encoded);
    call.reply(Empty.getDefaultInstance());
  }

  private MountDone done() {
    return MountDone.newBuilder().setIncarnation(incarnation).build();
  }

  private void write(Call call, MountWriteRequest request) throws IOException {
    renew(call, request.getGeneration());
    writer.write(call.origin(), request, call.content());
    call.reply(done());
  }

  private void zero(Call call, MountZeroRequest request) throws IOException {
    renew(call, request.getGeneration());
    writer.zero(call.origin(), request);
    call.reply(done());
  }
}
