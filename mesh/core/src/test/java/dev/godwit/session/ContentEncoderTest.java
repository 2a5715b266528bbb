package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.testing.Seeds;
import dev.godwit.wire.Checksum;
import dev.godwit.wire.Compression;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

final class ContentEncoderTest {
  private final BufferPool buffers = new BufferPool(FrameWriter.HEADROOM + (1 << 20), 4);
  private final FrameHeader header = new FrameHeader().set(FrameType.REPLY, (byte) 1, 1);

  /** What the JDK has. */
  private static final class Deflate implements Compression {
    @Override
    public boolean compress(ByteBuffer src, ByteBuffer dst) {
      try (Deflater deflater = new Deflater(1)) {
        deflater.setInput(src);
        deflater.finish();
        deflater.deflate(dst);
        return deflater.finished();
      }
    }

    @Override
    public void decompress(ByteBuffer src, ByteBuffer dst) throws ProtocolException {
      try (Inflater inflater = new Inflater()) {
        inflater.setInput(src);
        inflater.inflate(dst);
      } catch (DataFormatException e) {
        throw new ProtocolException("damaged", e);
      }
    }
  }

  private static ContentEncoder encoder(Compression compression, BufferPool buffers) {
    return new ContentEncoder(compression, buffers, new CompressionEstimate());
  }

  private PooledBuffer buffer(byte[] content) {
    PooledBuffer buffer = buffers.take();
    buffer.bytes().position(FrameWriter.HEADROOM).put(content);
    buffer.bytes().flip();
    return buffer;
  }

  private static ContentEncoder slow(ContentEncoder encoder) {
    encoder.sent(1 << 20, 1_000_000_000_000L);
    return encoder;
  }

  private static byte[] text(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) "state ".charAt(i % 6);
    }
    return bytes;
  }

  private ByteBuffer encoded(ContentEncoder encoder, byte[] content) {
    ByteBuffer bytes = encoder.encode(header, buffer(content)).bytes();
    return bytes.position(FrameWriter.HEADROOM);
  }

  @Test
  void zeroesAreNotSent() {
    for (int length : new int[] {1, 100, 4096, 1 << 20}) {
      ByteBuffer sent = encoded(encoder(Compression.NONE, buffers), new byte[length]);
      assertEquals(Encoding.ZERO, header.encoding());
      assertEquals(length, header.contentLength());
      assertEquals(0, header.wireLength());
      assertEquals(0, sent.remaining());
    }
  }

  @Test
  void oneByteAmongZeroesIsSent() {
    for (int at : new int[] {0, 1, 4095}) {
      byte[] content = new byte[4096];
      content[at] = 1;
      ByteBuffer sent = encoded(encoder(Compression.NONE, buffers), content);
      assertEquals(Encoding.RAW, header.encoding());
      assertEquals(ByteBuffer.wrap(content), sent);
      assertEquals(new Checksum().of(ByteBuffer.wrap(content)), header.checksum());
    }
  }

  @Test
  void nothingIsSentAsNothing() {
    ByteBuffer sent = encoded(encoder(Compression.NONE, buffers), new byte[0]);
    assertEquals(Encoding.RAW, header.encoding());
    assertEquals(0, header.contentLength());
    assertEquals(0, sent.remaining());
  }

  @Test
  void aLinkThatNeverHoldsUsUpGetsEverythingRaw() {
    ContentEncoder encoder = encoder(new Deflate(), buffers);
    for (int i = 0; i < 100; i++) {
      encoded(encoder, text(65536));
      assertEquals(Encoding.RAW, header.encoding());
      encoder.sent(100, 1_000_000_000);
    }
  }

  @Test
  void aSlowLinkGetsItCompressed() throws Exception {
    ContentEncoder encoder = slow(encoder(new Deflate(), buffers));
    byte[] content = text(65536);
    ByteBuffer sent = encoded(encoder, content);
    assertEquals(Encoding.ZSTD, header.encoding());
    assertEquals(sent.remaining(), header.wireLength());
    assertTrue(header.wireLength() < 10_000);
    assertEquals(content.length, header.contentLength());
    assertEquals(new Checksum().of(ByteBuffer.wrap(content)), header.checksum());
    ByteBuffer back = ByteBuffer.allocateDirect(content.length);
    new Deflate().decompress(sent, back);
    assertEquals(ByteBuffer.wrap(content), back.flip());
  }

  @Test
  void whatDoesNotGetSmallerIsSentRawAndUnharmed() {
    ContentEncoder encoder = slow(encoder(new Deflate(), buffers));
    byte[] content = Seeds.bytes(new Random(1), 65536);
    ByteBuffer sent = encoded(encoder, content);
    assertEquals(Encoding.RAW, header.encoding());
    assertEquals(ByteBuffer.wrap(content), sent);
  }

  @Test
  void littleIsNotWorthCompressing() {
    ContentEncoder encoder = slow(encoder(new Deflate(), buffers));
    encoded(encoder, text(1000));
    assertEquals(Encoding.RAW, header.encoding());
  }

  @Test
  void buffersComeBackWhateverHappens() {
    BufferPool small = new BufferPool(FrameWriter.HEADROOM + 65536, 2);
    ContentEncoder encoder = slow(encoder(new Deflate(), small));
    PooledBuffer first = small.take();
    PooledBuffer second = small.take();
    first.close();
    second.close();
    for (byte[] content : new byte[][] {text(65536), Seeds.bytes(new Random(2), 65536)}) {
      PooledBuffer buffer = small.take();
      buffer.bytes().position(FrameWriter.HEADROOM).put(content);
      buffer.bytes().flip();
      encoder.encode(header, buffer).close();
      PooledBuffer one = small.take();
      PooledBuffer other = small.take();
      assertTrue(one == first || one == second);
      assertTrue(other == first || other == second);
      one.close();
      other.close();
    }
  }
}
