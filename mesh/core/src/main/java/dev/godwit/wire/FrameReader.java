package dev.godwit.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.godwit.stream.ByteStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads frames from a stream: the header, then its control part, then its content, in that order.
 * Reads nothing beyond the frame. Not thread-safe.
 */
public final class FrameReader {
  private final ByteStream stream;
  private final Limits limits;
  private final FrameHeader header = new FrameHeader();
  private final ByteBuffer fixed = ByteBuffer.allocateDirect(FrameHeader.BYTES);
  private final Checksum checksum = new Checksum();
  private ByteBuffer control = ByteBuffer.allocate(512);

  /** Reads from {@code stream}, which stays the caller's to close. */
  public FrameReader(ByteStream stream, Limits limits) {
    this.stream = stream;
    this.limits = limits;
  }

  /** The header of the current frame. */
  public FrameHeader header() {
    return header;
  }

  /**
   * Reads the next frame's header and control part.
   *
   * @return {@code false} when the stream ended between two frames
   * @throws EOFException when it ended inside one
   * @throws ProtocolException when the peer broke the protocol
   */
  public boolean next() throws IOException {
    fixed.clear();
    while (fixed.hasRemaining()) {
      if (stream.read(fixed) < 0) {
        if (fixed.position() == 0) {
          return false;
        }
        throw new EOFException("the stream ended inside a frame header");
      }
    }
    header.decode(fixed.flip(), limits);
    if (control.capacity() < header.controlLength()) {
      control = ByteBuffer.allocate(Math.max(header.controlLength(), 2 * control.capacity()));
    }
    control.clear().limit(header.controlLength());
    stream.readFully(control);
    control.flip();
    return true;
  }

  /**
   * Reads the next frame, which must be there and be of a type.
   *
   * @throws ProtocolException when it is of another type
   */
  public void expect(FrameType type) throws IOException {
    if (!next()) {
      throw new EOFException("the stream ended where a " + type + " frame was expected");
    }
    if (header.type() != type && header.type() != FrameType.FAILURE) {
      throw new ProtocolException("expected " + type + " and got " + header.type());
    }
  }

  /** The bytes of the current frame's control part; valid until {@link #next}. */
  public ByteBuffer control() {
    return control;
  }

  /**
   * Parses the current frame's control part.
   *
   * @throws ProtocolException when it is not such a message
   */
  public <M extends MessageLite> M control(Parser<M> parser) throws ProtocolException {
    return parse(parser, control);
  }

  /**
   * Parses a control part.
   *
   * @throws ProtocolException when it is not such a message
   */
  public static <M extends MessageLite> M parse(Parser<M> parser, ByteBuffer control)
      throws ProtocolException {
    try {
      return parser.parseFrom(ByteString.copyFrom(control.duplicate()));
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolException("malformed control message", e);
    }
  }

  /**
   * Reads the current frame's content as it is on the wire. On return {@code dst} holds exactly it,
   * ready to be read.
   *
   * @param dst a direct buffer with room for {@link FrameHeader#wireLength}
   */
  public void content(ByteBuffer dst) throws IOException {
    dst.clear().limit(header.wireLength());
    stream.readFully(dst);
    dst.flip();
  }

  /**
   * Passes over the current frame's content, which nobody has room for; the control part is gone
   * then.
   */
  public void skipContent() throws IOException {
    for (int left = header.wireLength(); left > 0; ) {
      control.clear().limit(Math.min(left, control.capacity()));
      stream.readFully(control);
      left -= control.position();
    }
    control.clear().limit(0);
  }

  /** Whether {@code content}, decoded, has the checksum that the header announced. */
  public boolean verifies(ByteBuffer content) {
    return checksum.of(content) == header.checksum();
  }
}
