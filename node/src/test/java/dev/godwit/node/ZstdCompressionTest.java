package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.wire.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ZstdCompressionTest {
  private final ZstdCompression zstd = new ZstdCompression();

  private static ByteBuffer text() {
    ByteBuffer text = ByteBuffer.allocateDirect(10_000);
    while (text.hasRemaining()) {
      text.put((byte) (text.position() % 50));
    }
    return text.flip();
  }

  @Test
  void whatWasCompressedComesBack() throws ProtocolException {
    ByteBuffer small = ByteBuffer.allocateDirect(10_000).position(100);
    assertTrue(zstd.compress(text(), small));
    assertTrue(small.position() < 1000);
    ByteBuffer back = ByteBuffer.allocateDirect(10_000);
    zstd.decompress(small.flip().position(100), back);
    assertEquals(text(), back.flip());
  }

  @Test
  void saysWhenNothingIsGained() {
    byte[] noise = new byte[10_000];
    new Random(1).nextBytes(noise);
    ByteBuffer src = ByteBuffer.allocateDirect(noise.length).put(noise).flip();
    assertFalse(zstd.compress(src, ByteBuffer.allocateDirect(noise.length - 1)));
    assertEquals(noise.length, src.remaining());
  }

  @Test
  void refusesWhatIsDamaged() {
    ByteBuffer small = ByteBuffer.allocateDirect(10_000);
    assertTrue(zstd.compress(text(), small));
    small.flip().put(0, (byte) 1);
    ByteBuffer room = ByteBuffer.allocateDirect(10_000);
    assertThrows(ProtocolException.class, () -> zstd.decompress(small, room));
  }

  @Test
  void refusesAnotherLengthThanAnnounced() {
    ByteBuffer small = ByteBuffer.allocateDirect(10_000);
    assertTrue(zstd.compress(text(), small));
    ByteBuffer room = ByteBuffer.allocateDirect(10_001);
    assertThrows(ProtocolException.class, () -> zstd.decompress(small.flip(), room));
  }
}
