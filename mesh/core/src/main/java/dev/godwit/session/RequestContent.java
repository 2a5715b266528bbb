package dev.godwit.session;

import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The content of one request at a time, in memory that the peer has room for: it is read when there
 * is some, until then the peer's stream waits. Not thread-safe.
 */
final class RequestContent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RequestContent.class);

  /** Contents up to this are cheap to allocate: the ranges of a read. */
  private static final int SMALL = 4096;

  private final PeerBudget.Account account;
  private final Lender lender;
  private ByteBuffer small = ByteBuffer.allocate(0);
  private @Nullable PooledBuffer lent;
  private int counted;

  /** Lends direct buffers. Thread-safe. */
  interface Lender {
    /** What a content of this length would hold, bytes. */
    int size(int length);

    /** An empty buffer for a content of this length. */
    PooledBuffer lend(int length);
  }

  /** Of requests of one peer, whose memory is counted on {@code account}. */
  RequestContent(PeerBudget.Account account, Lender lender) {
    this.account = account;
    this.lender = lender;
  }

  /**
   * Reads what comes with the current frame, and checks it. Valid until {@link #close}.
   *
   * @throws RemoteException when there is no memory for it; it has then been passed over
   * @throws ProtocolException when it is no request, or is damaged
   * @throws IOException when the peer has had no room for too long, or the stream failed
   */
  ByteBuffer read(FrameReader reader) throws IOException {
    FrameHeader header = reader.header();
    if (header.type() != FrameType.REQUEST) {
      throw new ProtocolException("expected REQUEST and got " + header.type());
    }
    if (header.wireLength() != header.contentLength()) {
      throw new ProtocolException("the content of a request is raw");
    }
    ByteBuffer content = room(reader);
    reader.content(content);
    if (content.hasRemaining() && !reader.verifies(content)) {
      throw new ProtocolException("checksum mismatch in a request");
    }
    return content;
  }

  private ByteBuffer room(FrameReader reader) throws IOException {
    int length = reader.header().wireLength();
    if (length <= SMALL) {
      if (small.capacity() < length) {
        small = ByteBuffer.allocate(length);
      }
      return small;
    }
    int size = lender.size(length);
    account.take(size);
    counted = size;
    try {
      PooledBuffer buffer = lender.lend(length);
      lent = buffer;
      return buffer.bytes();
    } catch (OutOfMemoryError e) {
      close();
      LOG.error("no memory for the content of a request, {} bytes", length, e);
      reader.skipContent();
      throw new RemoteException(Failure.Code.BUSY, "no memory for this request; ask again later");
    }
  }

  /** Gives the memory back; another content may be read then. */
  @Override
  public void close() {
    if (lent != null) {
      lent.close();
      lent = null;
    }
    if (counted > 0) {
      account.giveBack(counted);
      counted = 0;
    }
  }
}
