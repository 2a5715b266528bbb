package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;

/**
 * Judges a request before any work is done for it: command, flags, offset and count, all of them
 * chosen by the client and none of them trusted. One per connection, immutable.
 */
final class RequestGate {
  private final long size;
  private final Export.Access access;
  private final BlockSizes blockSizes;
  private final Negotiated.Replies replies;
  private final Negotiated.Allocation allocation;
  private final Backend backend;

  RequestGate(Negotiated negotiated) {
    Export export = negotiated.export();
    this.size = export.backend().size();
    this.access = export.access();
    this.blockSizes = export.blockSizes();
    this.replies = negotiated.replies();
    this.allocation = negotiated.allocation();
    this.backend = export.backend();
  }

  /** What becomes of a request. */
  enum Verdict {
    PASS(NbdError.EIO, "fine"),
    UNKNOWN_COMMAND(NbdError.EINVAL, "the command is unknown"),
    BAD_FLAGS(NbdError.EINVAL, "a flag is set that this command does not take"),
    NOT_NEGOTIATED(NbdError.EINVAL, "no metadata context was negotiated"),
    NOT_EMPTY(NbdError.EINVAL, "offset and length have to be zero"),
    EMPTY(NbdError.EINVAL, "the length is zero"),
    READ_ONLY(NbdError.EPERM, "the export is read-only"),
    TOO_LONG(NbdError.EINVAL, "longer than the maximum block size"),
    MISALIGNED(NbdError.EINVAL, "not aligned to the minimum block size"),
    OUT_OF_RANGE(NbdError.EINVAL, "past the end of the export"),
    NO_SPACE(NbdError.ENOSPC, "past the end of the export"),
    NOT_FAST(NbdError.ENOTSUP, "zeroing may be no faster than writing");

    private final NbdError error;
    private final String reason;

    Verdict(NbdError error, String reason) {
      this.error = error;
      this.reason = reason;
    }

    NbdError error() {
      return error;
    }

    String reason() {
      return reason;
    }
  }

  /**
   * Judges one request.
   *
   * @param type 0 to 65535
   * @param flags 0 to 65535
   * @param offset as a signed number: what a client means as 2^63 or more is negative here
   * @param count 0 to 2^32-1
   */
  Verdict check(int type, int flags, long offset, long count) {
    int allowed = allowedFlags(type);
    if (allowed < 0) {
      return Verdict.UNKNOWN_COMMAND;
    }
    if ((flags & ~allowed) != 0) {
      return Verdict.BAD_FLAGS;
    }
    return switch (type) {
      case Protocol.CMD_READ ->
          count > blockSizes.maximum()
              ? Verdict.TOO_LONG
              : range(offset, count, Verdict.OUT_OF_RANGE);
      case Protocol.CMD_WRITE -> {
        if (access == Export.Access.READ_ONLY) {
          yield Verdict.READ_ONLY;
        }
        yield count > blockSizes.maximum()
            ? Verdict.TOO_LONG
            : range(offset, count, Verdict.NO_SPACE);
      }
      case Protocol.CMD_FLUSH -> offset == 0 && count == 0 ? Verdict.PASS : Verdict.NOT_EMPTY;
      case Protocol.CMD_TRIM ->
          access == Export.Access.READ_ONLY
              ? Verdict.READ_ONLY
              : range(offset, count, Verdict.OUT_OF_RANGE);
      case Protocol.CMD_WRITE_ZEROES -> {
        if (access == Export.Access.READ_ONLY) {
          yield Verdict.READ_ONLY;
        }
        Verdict verdict = range(offset, count, Verdict.NO_SPACE);
        // Only memory promises to be quick; a disk may have to write the zeroes out.
        boolean fast = backend.latency() == Latency.MEMORY;
        yield verdict == Verdict.PASS && (flags & Protocol.FLAG_FAST_ZERO) != 0 && !fast
            ? Verdict.NOT_FAST
            : verdict;
      }
      case Protocol.CMD_CACHE -> range(offset, count, Verdict.OUT_OF_RANGE);
      case Protocol.CMD_BLOCK_STATUS -> {
        if (allocation == Negotiated.Allocation.OFF) {
          yield Verdict.NOT_NEGOTIATED;
        }
        yield count == 0 ? Verdict.EMPTY : range(offset, count, Verdict.OUT_OF_RANGE);
      }
      default -> Verdict.PASS;
    };
  }

  private Verdict range(long offset, long count, Verdict outside) {
    if (offset < 0 || offset > size || count > size - offset) {
      return outside;
    }
    int mask = blockSizes.minimum() - 1;
    return ((offset | count) & mask) == 0 ? Verdict.PASS : Verdict.MISALIGNED;
  }

  /** The flags a command takes, -1 for an unknown command. FUA is legal everywhere. */
  private int allowedFlags(int type) {
    return switch (type) {
      case Protocol.CMD_READ ->
          replies == Negotiated.Replies.STRUCTURED
              ? Protocol.FLAG_FUA | Protocol.FLAG_DF
              : Protocol.FLAG_FUA;
      case Protocol.CMD_WRITE, Protocol.CMD_FLUSH, Protocol.CMD_TRIM, Protocol.CMD_CACHE ->
          Protocol.FLAG_FUA;
      case Protocol.CMD_WRITE_ZEROES ->
          Protocol.FLAG_FUA | Protocol.FLAG_NO_HOLE | Protocol.FLAG_FAST_ZERO;
      case Protocol.CMD_BLOCK_STATUS -> Protocol.FLAG_FUA | Protocol.FLAG_REQ_ONE;
      case Protocol.CMD_DISC -> 0xffff;
      default -> -1;
    };
  }
}
