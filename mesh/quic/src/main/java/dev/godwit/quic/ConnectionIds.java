package dev.godwit.quic;

import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * Connection ids with a tag: the top bit of the first byte says whether the receiver of a packet is
 * the accepting (1) or the dialling (0) side of that connection. It is how one socket tells the
 * packets of its two roles apart, so every id that any node makes carries it.
 */
final class ConnectionIds implements QuicConnectionIdGenerator {
  /** Bytes in every id. */
  static final int LENGTH = 8;

  private static final int ACCEPTING = 0x80;

  private final SecureRandom random;

  ConnectionIds(SecureRandom random) {
    this.random = random;
  }

  static boolean isForAcceptingSide(byte first) {
    return (first & ACCEPTING) != 0;
  }

  /** An id for packets that the accepting side receives. */
  ByteBuffer accepting() {
    byte[] id = bytes();
    id[0] |= (byte) ACCEPTING;
    return ByteBuffer.wrap(id);
  }

  /** An id for packets that the dialling side receives. */
  ByteBuffer dialling() {
    byte[] id = bytes();
    id[0] &= (byte) ~ACCEPTING;
    return ByteBuffer.wrap(id);
  }

  private byte[] bytes() {
    byte[] id = new byte[LENGTH];
    random.nextBytes(id);
    return id;
  }

  @Override
  public ByteBuffer newId(int length) {
    return accepting();
  }

  @Override
  public ByteBuffer newId(ByteBuffer input, int length) {
    return accepting();
  }

  @Override
  public ByteBuffer newId(ByteBuffer source, ByteBuffer destination, int length) {
    return accepting();
  }

  @Override
  public int maxConnectionIdLength() {
    return LENGTH;
  }

  @Override
  public boolean isIdempotent() {
    return false;
  }
}
