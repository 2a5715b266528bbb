package dev.godwit.wire;

import java.nio.ByteBuffer;

/**
 * Makes content smaller. The core has no native code, so whoever assembles a node passes an
 * implementation in. Thread-safe.
 */
public interface Compression {

  /**
   * Compresses {@code src}, a direct buffer, into {@code dst}, a direct buffer.
   *
   * @return whether it fitted; if not, {@code dst} holds anything and {@code src} is as before
   */
  boolean compress(ByteBuffer src, ByteBuffer dst);

  /**
   * Decompresses all of {@code src} into {@code dst}, both direct; {@code dst} has exactly the room
   * that is expected.
   *
   * @throws ProtocolException when {@code src} is damaged or yields another length
   */
  void decompress(ByteBuffer src, ByteBuffer dst) throws ProtocolException;

  /** Never compresses, and refuses what is compressed. */
  Compression NONE =
      new Compression() {
        @Override
        public boolean compress(ByteBuffer src, ByteBuffer dst) {
          return false;
        }

        @Override
        public void decompress(ByteBuffer src, ByteBuffer dst) throws ProtocolException {
          throw new ProtocolException("compressed content was not negotiated");
        }
      };
}
