package dev.godwit.session;

import com.google.protobuf.MessageLite;
import dev.godwit.wire.FrameHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Something asked of the peer. A request must be idempotent: after a lost connection it is asked
 * again, whether or not the peer has already done it.
 *
 * <p>{@link #replied} or {@link #failed} is called exactly once for each time the request is
 * submitted, on a thread of the session; both must be quick to return, and may submit again.
 */
public abstract class Request {
  private final byte operation;
  private final Lane lane;
  long id;
  int mismatches;

  /**
   * @param operation what is asked, a number of the protocol that the session speaks
   * @param lane which stream it travels on
   */
  protected Request(byte operation, Lane lane) {
    this.operation = operation;
    this.lane = lane;
  }

  /** What is asked. */
  public final byte operation() {
    return operation;
  }

  /** Which stream it travels on. */
  public final Lane lane() {
    return lane;
  }

  /** The protobuf part, or null for none; the same each time the request is sent. */
  protected @Nullable MessageLite control() {
    return null;
  }

  /** The content, or null for none; the same each time the request is sent. */
  protected @Nullable ByteBuffer content() {
    return null;
  }

  /**
   * The answer.
   *
   * @param header of the answer
   * @param control its protobuf part, valid during the call
   * @param content decoded and verified, valid during the call; for an all-zero content it is empty
   *     and only the header tells the length
   * @throws IOException when the answer is not usable; {@link #failed} is then called with it
   */
  protected abstract void replied(FrameHeader header, ByteBuffer control, ByteBuffer content)
      throws IOException;

  /** The peer refused, the session is over, or the answer was not usable. */
  protected abstract void failed(IOException cause);
}
