package dev.godwit.pull;

import com.google.protobuf.MessageLite;
import dev.godwit.session.Lane;
import dev.godwit.session.Request;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Several ranges of a resource, read in one request: {@code docs/protocol.md} "Reads". May be used
 * again once it is answered. Not thread-safe.
 */
public abstract class RangeRead extends Request {
  /** What is asked, in every protocol that has resources. */
  public static final byte OPERATION = 4;

  /** The most ranges in one request. */
  public static final int MAX_RANGES = 256;

  /** Bytes of one range in the content of the request: offset and length. */
  static final int RANGE_BYTES = 12;

  private final ByteBuffer ranges;

  /** Asks for nothing yet. */
  protected RangeRead(Lane lane) {
    this(lane, MAX_RANGES);
  }

  /**
   * Asks for nothing yet.
   *
   * @param mostRanges how many ranges it can ask for, at most {@link #MAX_RANGES}
   */
  protected RangeRead(Lane lane, int mostRanges) {
    super(OPERATION, lane);
    ranges = ByteBuffer.allocateDirect(mostRanges * RANGE_BYTES);
    ranges.limit(0);
  }

  /** Asks for nothing any more. */
  public final void clear() {
    ranges.clear().limit(0);
  }

  /** Asks for one more range; one that follows the last one makes that longer. */
  public final void add(long offset, int length) {
    int last = ranges() - 1;
    if (last >= 0 && offset(last) + length(last) == offset) {
      ranges.putInt(last * RANGE_BYTES + Long.BYTES, length(last) + length);
      return;
    }
    int at = ranges.limit();
    ranges.limit(at + RANGE_BYTES);
    ranges.putLong(at, offset).putInt(at + Long.BYTES, length);
  }

  /** How many ranges it asks for. */
  public final int ranges() {
    return ranges.limit() / RANGE_BYTES;
  }

  /** Where a range begins. */
  public final long offset(int range) {
    return ranges.getLong(range * RANGE_BYTES);
  }

  /** How long a range is, bytes. */
  public final int length(int range) {
    return ranges.getInt(range * RANGE_BYTES + Long.BYTES);
  }

  /** Bytes in all ranges. */
  public final int bytes() {
    int bytes = 0;
    for (int i = 0; i < ranges(); i++) {
      bytes += length(i);
    }
    return bytes;
  }

  @Override
  protected final @Nullable MessageLite control() {
    return null;
  }

  @Override
  protected final ByteBuffer content() {
    return ranges;
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

  /**
   * The bytes of all ranges, one after the other; null when all are zero.
   *
   * @throws IOException as {@link #replied}
   */
  protected abstract void received(@Nullable ByteBuffer content) throws IOException;
}
