package dev.godwit.session;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A request on the answering side. It is answered once, by one of the {@code reply} methods or by
 * an exception from the handler. Valid until the handler returns; not thread-safe.
 */
public final class Call {
  private final Origin origin;
  private final FrameWriter writer;
  private final BufferPool buffers;
  private final ContentEncoder encoder;
  private final FrameHeader header = new FrameHeader();
  private byte operation;
  private long requestId;
  private ByteBuffer control = ByteBuffer.allocate(0);
  private ByteBuffer content = ByteBuffer.allocate(0);
  private final PeerBudget.Account account;
  private boolean counted;
  private boolean answered;

  Call(
      Origin origin,
      FrameWriter writer,
      BufferPool buffers,
      PeerBudget.Account account,
      ContentEncoder encoder) {
    this.account = account;
    this.origin = origin;
    this.writer = writer;
    this.buffers = buffers;
    this.encoder = encoder;
  }

  Call set(FrameHeader request, ByteBuffer control, ByteBuffer content) {
    this.operation = request.operation();
    this.requestId = request.requestId();
    this.control = control;
    this.content = content;
    this.answered = false;
    return this;
  }

  /** Who asks. */
  public Peer peer() {
    return origin.peer();
  }

  /** Where it comes from. */
  public Origin origin() {
    return origin;
  }

  /** What is asked. */
  public byte operation() {
    return operation;
  }

  /**
   * The protobuf part of the request.
   *
   * @throws ProtocolException when it is not such a message
   */
  public <M extends MessageLite> M control(Parser<M> parser) throws ProtocolException {
    return FrameReader.parse(parser, control);
  }

  /** The content of the request, verified. */
  public ByteBuffer content() {
    return content;
  }

  /**
   * A buffer for the answer's content, to be filled from its position on; its limit allows the
   * largest content there may be. Give it to {@link #reply(MessageLite, PooledBuffer)}, or close
   * it. Waits while too many answers to the peer are under way.
   *
   * @throws IOException when that takes too long
   */
  public PooledBuffer buffer() throws IOException {
    if (!counted) {
      account.take(1);
      counted = true;
    }
    PooledBuffer buffer = buffers.take();
    buffer.bytes().position(FrameWriter.HEADROOM);
    return buffer;
  }

  /** Answers without content. */
  public void reply(@Nullable MessageLite control) throws IOException {
    unanswered();
    answered = true;
    writer.write(header.set(FrameType.REPLY, operation, requestId), control, null);
  }

  /**
   * Answers with the content that was put into a {@link #buffer} up to its position, and takes the
   * buffer over.
   */
  public void reply(@Nullable MessageLite control, PooledBuffer buffer) throws IOException {
    unanswered();
    buffer.bytes().limit(buffer.bytes().position());
    header.set(FrameType.REPLY, operation, requestId);
    PooledBuffer encoded = encoder.encode(header, buffer);
    int bytes = encoded.bytes().limit();
    // Only now: when encoding fails the peer must still get an answer.
    answered = true;
    long nanos = writer.send(header, control, encoded);
    encoder.sent(bytes, nanos);
  }

  /** Nothing more comes of it. */
  void end() {
    if (counted) {
      counted = false;
      account.giveBack(1);
    }
  }

  void fail(RemoteException failure) throws IOException {
    if (!answered) {
      answered = true;
      writer.write(header.set(FrameType.FAILURE, operation, requestId), failure.toFailure(), null);
    }
  }

  private void unanswered() {
    if (answered) {
      throw new IllegalStateException("answered already");
    }
  }
}
