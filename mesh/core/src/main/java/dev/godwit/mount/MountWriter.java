package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.chunk.BlockClaims;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.session.Origin;
import dev.godwit.session.RemoteException;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.MountRun;
import dev.godwit.wire.proto.MountWriteRequest;
import dev.godwit.wire.proto.MountZeroRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes what the holder of a lease asks for, in an order in which nothing that it has asked for on
 * an older connection comes after something newer. Thread-safe.
 */
final class MountWriter {
  private static final Duration WRITE = Duration.ofSeconds(30);

  private final Backend device;
  private final ChunkGeometry geometry;
  private final WriteOrder order = new WriteOrder(WRITE);

  /** Writes to {@code device}. */
  MountWriter(Backend device, ChunkGeometry geometry) {
    this.device = device;
    this.geometry = geometry;
  }

  /** A lease begins: what came before it is old. */
  void begins(long generation, Origin origin) throws IOException {
    order.advance(generation, origin);
  }

  /**
   * Writes runs of bytes.
   *
   * @param content all of them, one after another
   * @throws RemoteException when it was asked again on another connection
   */
  void write(Origin origin, MountWriteRequest request, ByteBuffer content) throws IOException {
    List<MountRun> runs = request.getRunsList();
    check(runs, content.remaining());
    MountRun last = runs.getLast();
    try (BlockClaims.Claim _ =
        claim(
            origin,
            request.getGeneration(),
            runs.getFirst().getOffset(),
            last.getOffset() + last.getLength())) {
      for (MountRun run : runs) {
        content.limit(content.position() + run.getLength());
        device.write(content, run.getOffset());
      }
    }
  }

  private void check(List<MountRun> runs, int bytes) throws IOException {
    if (runs.isEmpty()) {
      throw new ProtocolException("a write of nothing");
    }
    long at = 0;
    long sum = 0;
    for (MountRun run : runs) {
      OutOfRangeException.check(run.getOffset(), run.getLength(), geometry.size());
      if (run.getLength() == 0 || run.getOffset() < at) {
        throw new ProtocolException("the runs of a write overlap, or are empty");
      }
      at = run.getOffset() + run.getLength();
      sum += run.getLength();
    }
    if (sum != bytes) {
      throw new ProtocolException("a write of " + sum + " bytes that has " + bytes);
    }
  }

  private BlockClaims.Claim claim(Origin origin, long generation, long offset, long end)
      throws IOException {
    BlockClaims.@Nullable Claim claim =
        order.begin(generation, origin, geometry.blockAt(offset), geometry.blockFrom(end));
    if (claim == null) {
      throw new RemoteException(Failure.Code.CONFLICT, "asked again on another connection");
    }
    return claim;
  }

  /**
   * Makes a range read as zeroes.
   *
   * @throws RemoteException as {@link #write}
   */
  void zero(Origin origin, MountZeroRequest request) throws IOException {
    long offset = request.getOffset();
    long length = request.getLength();
    OutOfRangeException.check(offset, length, geometry.size());
    try (BlockClaims.Claim _ = claim(origin, request.getGeneration(), offset, offset + length)) {
      switch (request.getKind()) {
        case MOUNT_ZERO_KIND_HOLES -> device.zero(offset, length, Holes.ALLOWED);
        case MOUNT_ZERO_KIND_ALLOCATED -> device.zero(offset, length, Holes.FORBIDDEN);
        case MOUNT_ZERO_KIND_TRIM -> device.trim(offset, length);
        case MOUNT_ZERO_KIND_UNSPECIFIED, UNRECOGNIZED ->
            throw new ProtocolException("a kind of zeroes that is unknown");
      }
    }
  }
}
