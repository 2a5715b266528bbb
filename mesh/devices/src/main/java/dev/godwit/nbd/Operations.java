package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The commands that carry no data in either direction, done on a backend. Immutable. */
final class Operations {
  private static final int CACHE_PIECE = 1 << 20;

  private final Backend backend;

  Operations(Backend backend) {
    this.backend = backend;
  }

  /** Does one command that passed the gate. */
  void perform(int type, int flags, long offset, long count) throws IOException {
    switch (type) {
      case Protocol.CMD_FLUSH -> backend.flush();
      case Protocol.CMD_TRIM -> backend.trim(offset, count);
      case Protocol.CMD_WRITE_ZEROES ->
          backend.zero(
              offset,
              count,
              (flags & Protocol.FLAG_NO_HOLE) != 0 ? Holes.FORBIDDEN : Holes.ALLOWED);
      case Protocol.CMD_CACHE -> cache(offset, count);
      default -> throw new IllegalArgumentException(Protocol.commandName(type));
    }
    if (type == Protocol.CMD_TRIM || type == Protocol.CMD_WRITE_ZEROES) {
      persist(flags);
    }
  }

  /** Makes a change durable when its flags ask for it. */
  void persist(int flags) throws IOException {
    if ((flags & Protocol.FLAG_FUA) != 0) {
      backend.flush();
    }
  }

  /** A prefetch: where reading takes long, what was read once comes faster the next time. */
  private void cache(long offset, long count) throws IOException {
    if (backend.latency() != Backend.Latency.REMOTE || count == 0) {
      return;
    }
    long end = offset + Math.min(count, BlockSizes.LARGEST);
    ByteBuffer scratch = ByteBuffer.allocate((int) Math.min(CACHE_PIECE, end - offset));
    for (long at = offset; at < end; at += CACHE_PIECE) {
      scratch.clear().limit((int) Math.min(CACHE_PIECE, end - at));
      backend.read(scratch, at);
    }
  }
}
