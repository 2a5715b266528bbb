package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes replies into buffers, in the form that was negotiated. A reply is complete in its buffer
 * before anything of it is sent, so a failure halfway never leaves a broken one on the wire.
 * Immutable.
 */
final class ReplyComposer {
  /** Room that any reply needs besides its data, bytes. */
  static final int OVERHEAD = 4096;

  /** Runs looked at in one sparse read; more are not worth the headers. */
  static final int SPARSE_RUNS = 32;

  private static final int MAX_MESSAGE = 1024;

  private final Backend backend;
  private final Negotiated.Replies replies;

  ReplyComposer(Backend backend, Negotiated.Replies replies) {
    this.backend = backend;
    this.replies = replies;
  }

  boolean structured() {
    return replies == Negotiated.Replies.STRUCTURED;
  }

  /** Success without data. */
  void done(ByteBuffer dst, long cookie) {
    if (structured()) {
      chunk(dst, Protocol.REPLY_FLAG_DONE, Protocol.REPLY_NONE, cookie, 0);
    } else {
      simple(dst, 0, cookie);
    }
  }

  /**
   * Failure. Only structured replies can carry the text.
   *
   * @param offset where it failed, inside the request's range, or -1 when that has no meaning
   */
  void error(ByteBuffer dst, long cookie, NbdError error, String message, long offset) {
    if (!structured()) {
      simple(dst, error.code(), cookie);
      return;
    }
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, MAX_MESSAGE);
    boolean placed = offset >= 0;
    chunk(
        dst,
        Protocol.REPLY_FLAG_DONE,
        placed ? Protocol.REPLY_ERROR_OFFSET : Protocol.REPLY_ERROR,
        cookie,
        6 + length + (placed ? 8 : 0));
    dst.putInt(error.code()).putShort((short) length).put(text, 0, length);
    if (placed) {
      dst.putLong(offset);
    }
  }

  /**
   * Reads from the backend into a reply, as one piece of data. On failure {@code dst} is as before.
   *
   * @param chunkFlags {@link Protocol#REPLY_FLAG_DONE} when this is the reply's last chunk
   */
  void data(ByteBuffer dst, long cookie, long offset, int count, int chunkFlags)
      throws IOException {
    int start = dst.position();
    int limit = dst.limit();
    if (structured()) {
      chunk(dst, chunkFlags, Protocol.REPLY_OFFSET_DATA, cookie, 8 + count);
      dst.putLong(offset);
    } else {
      simple(dst, 0, cookie);
    }
    boolean read = false;
    try {
      dst.limit(dst.position() + count);
      backend.read(dst, offset);
      read = true;
    } finally {
      dst.limit(limit);
      if (!read) {
        dst.position(start);
      }
    }
  }

  /** A run of zeroes as part of a structured read reply. */
  void hole(ByteBuffer dst, long cookie, long offset, int count, int chunkFlags) {
    chunk(dst, chunkFlags, Protocol.REPLY_OFFSET_HOLE, cookie, 12);
    dst.putLong(offset).putInt(count);
  }

  /** The answer to BLOCK_STATUS. */
  void status(ByteBuffer dst, long cookie, Runs runs) {
    chunk(dst, Protocol.REPLY_FLAG_DONE, Protocol.REPLY_BLOCK_STATUS, cookie, 4 + 8 * runs.count());
    dst.putInt(Protocol.ALLOCATION_CONTEXT_ID);
    for (int i = 0; i < runs.count(); i++) {
      boolean hole = runs.kind(i) == Extent.Kind.HOLE;
      dst.putInt((int) runs.length(i));
      dst.putInt(hole ? Protocol.STATE_HOLE | Protocol.STATE_ZERO : 0);
    }
  }

  /** What an error reply says: the command, its offset and count, and the reason. */
  static String describe(int type, long offset, long count, String reason) {
    return Protocol.commandName(type)
        + " at offset "
        + Long.toUnsignedString(offset)
        + ", "
        + count
        + " bytes: "
        + reason;
  }

  private static void simple(ByteBuffer dst, int error, long cookie) {
    dst.putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(error).putLong(cookie);
  }

  private static void chunk(ByteBuffer dst, int flags, int type, long cookie, int length) {
    dst.putInt(Protocol.STRUCTURED_REPLY_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putInt(length);
  }
}
