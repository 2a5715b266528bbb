package dev.godwit.wire;

import java.nio.ByteBuffer;

/**
 * The fixed part of a frame: {@value #BYTES} bytes, numbers in network byte order.
 *
 * <pre>
 *  0  type            1 byte
 *  1  operation       1 byte, of a request and its answers
 *  2  encoding        1 byte, of the content
 *  3  zero            1 byte
 *  4  control length  4 bytes, the protobuf part
 *  8  wire length     4 bytes, the content as encoded
 * 12  content length  4 bytes, the content as it is
 * 16  request id      8 bytes, chosen by the asking side
 * 24  checksum        4 bytes, CRC-32C of the content as it is
 * 28  zero            4 bytes
 * </pre>
 *
 * <p>Mutable, so that one object serves all frames of a stream. Not thread-safe.
 */
public final class FrameHeader {
  /** Bytes on the wire. */
  public static final int BYTES = 32;

  private FrameType type = FrameType.REQUEST;
  private byte operation;
  private Encoding encoding = Encoding.RAW;
  private int controlLength;
  private int wireLength;
  private int contentLength;
  private long requestId;
  private int checksum;

  /** What the frame is. */
  public FrameType type() {
    return type;
  }

  /** The operation that is asked for or answered. */
  public byte operation() {
    return operation;
  }

  /** How the content is encoded. */
  public Encoding encoding() {
    return encoding;
  }

  /** Bytes of the protobuf part. */
  public int controlLength() {
    return controlLength;
  }

  /** Bytes of the content on the wire. */
  public int wireLength() {
    return wireLength;
  }

  /** Bytes of the content when decoded. */
  public int contentLength() {
    return contentLength;
  }

  /** The request that this is or answers. */
  public long requestId() {
    return requestId;
  }

  /** CRC-32C of the decoded content. */
  public int checksum() {
    return checksum;
  }

  /** Sets type, operation and request id, and clears everything about control and content. */
  public FrameHeader set(FrameType type, byte operation, long requestId) {
    this.type = type;
    this.operation = operation;
    this.requestId = requestId;
    this.encoding = Encoding.RAW;
    this.controlLength = 0;
    this.wireLength = 0;
    this.contentLength = 0;
    this.checksum = 0;
    return this;
  }

  /** Sets the length of the protobuf part. */
  public FrameHeader control(int length) {
    this.controlLength = length;
    return this;
  }

  /** Sets everything about the content. */
  public FrameHeader content(Encoding encoding, int wireLength, int contentLength, int checksum) {
    this.encoding = encoding;
    this.wireLength = wireLength;
    this.contentLength = contentLength;
    this.checksum = checksum;
    return this;
  }

  /** Writes the header at the buffer's position. */
  public void encode(ByteBuffer dst) {
    dst.put(type.code())
        .put(operation)
        .put(encoding.code())
        .put((byte) 0)
        .putInt(controlLength)
        .putInt(wireLength)
        .putInt(contentLength)
        .putLong(requestId)
        .putInt(checksum)
        .putInt(0);
  }

  /**
   * Reads a header and checks every field of it.
   *
   * @throws ProtocolException when a length is above its limit, or a field is not allowed
   */
  public void decode(ByteBuffer src, Limits limits) throws ProtocolException {
    type = FrameType.of(src.get());
    operation = src.get();
    encoding = Encoding.of(src.get());
    byte zero = src.get();
    controlLength = checked("control", src.getInt(), limits.control());
    wireLength = checked("content", src.getInt(), limits.content());
    contentLength = checked("decoded content", src.getInt(), limits.content());
    requestId = src.getLong();
    checksum = src.getInt();
    if (zero != 0 || src.getInt() != 0) {
      throw new ProtocolException("reserved header bytes are not zero");
    }
    switch (encoding) {
      case RAW -> {
        if (wireLength != contentLength) {
          throw new ProtocolException(
              "raw content of " + contentLength + " bytes in " + wireLength);
        }
      }
      case ZERO -> {
        if (wireLength != 0) {
          throw new ProtocolException("zero content that takes " + wireLength + " bytes");
        }
      }
      case ZSTD -> {
        if (wireLength == 0 || wireLength >= contentLength) {
          throw new ProtocolException(
              "compressed content of " + contentLength + " bytes in " + wireLength);
        }
      }
    }
  }

  private static int checked(String what, int length, int limit) throws ProtocolException {
    if (length < 0 || length > limit) {
      throw new ProtocolException(
          what + " length " + Integer.toUnsignedString(length) + " is above " + limit);
    }
    return length;
  }

  @Override
  public String toString() {
    return type
        + " operation "
        + operation
        + " request "
        + requestId
        + " control "
        + controlLength
        + " content "
        + contentLength
        + " "
        + encoding;
  }
}
