package dev.godwit.pullorder;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Some bytes of a resource, read with checks: whatever lies outside them, or does not fit the type
 * asked for, is a {@link MalformedContentException}. Positions count from the excerpt's first byte.
 */
public final class Excerpt {
  private final ByteBuffer bytes;

  /** All of {@code bytes}, which nobody else changes. */
  Excerpt(byte[] bytes, ByteOrder order) {
    this.bytes = ByteBuffer.wrap(bytes).order(order);
  }

  private Excerpt(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** How many bytes there are. */
  public int length() {
    return bytes.limit();
  }

  /** Some of the bytes, in the same byte order. */
  public Excerpt part(int at, int length) throws MalformedContentException {
    check(at, length);
    return new Excerpt(bytes.slice(at, length).order(bytes.order()));
  }

  /** An unsigned byte. */
  public int u8(int at) throws MalformedContentException {
    check(at, 1);
    return Byte.toUnsignedInt(bytes.get(at));
  }

  /** An unsigned 16-bit number. */
  public int u16(int at) throws MalformedContentException {
    check(at, 2);
    return Short.toUnsignedInt(bytes.getShort(at));
  }

  /** An unsigned 32-bit number. */
  public long u32(int at) throws MalformedContentException {
    check(at, 4);
    return Integer.toUnsignedLong(bytes.getInt(at));
  }

  /** An unsigned 64-bit number, of which 63 bits are all that a size or an offset can use. */
  public long u63(int at) throws MalformedContentException {
    long number = bits64(at);
    if (number < 0) {
      throw new MalformedContentException(
          "the number " + Long.toUnsignedString(number) + " is no size and no offset");
    }
    return number;
  }

  /** 64 bits, for numbers that share them with flags. */
  public long bits64(int at) throws MalformedContentException {
    check(at, 8);
    return bytes.getLong(at);
  }

  /** Whether these bytes are there, one for each character, which are below 256. */
  public boolean holds(int at, String latin1) {
    byte[] wanted = latin1.getBytes(StandardCharsets.ISO_8859_1);
    return at >= 0
        && at <= length() - wanted.length
        && bytes.slice(at, wanted.length).equals(ByteBuffer.wrap(wanted));
  }

  /** Copies bytes out. */
  void copy(int at, byte[] dst, int dstAt, int length) throws MalformedContentException {
    check(at, length);
    bytes.get(at, dst, dstAt, length);
  }

  private void check(int at, int length) throws MalformedContentException {
    if (at < 0 || length < 0 || at > length() - length) {
      throw new MalformedContentException(
          "bytes " + at + "+" + length + " are not inside " + length());
    }
  }
}
