package dev.godwit.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.testing.ArrayStream;
import dev.godwit.testing.Seeds;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.Hello;
import dev.godwit.wire.proto.RoundReply;
import dev.godwit.wire.proto.StreamOpen;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FrameTest {
  private static final byte[] CONTENT = "content of a frame".getBytes(StandardCharsets.UTF_8);
  private static final Failure CONTROL =
      Failure.newBuilder().setCode(Failure.Code.IO).setMessage("disk").build();

  private static byte[] frame() throws IOException {
    ArrayStream out = new ArrayStream(new byte[0], 1);
    FrameHeader header = new FrameHeader().set(FrameType.REPLY, (byte) 4, 0x0102030405060708L);
    ByteBuffer content = ByteBuffer.wrap(CONTENT);
    header.content(Encoding.RAW, CONTENT.length, CONTENT.length, new Checksum().of(content));
    new FrameWriter(out).write(header, CONTROL, content);
    return out.written();
  }

  private static FrameReader reader(byte[] bytes) {
    return new FrameReader(new ArrayStream(bytes, Integer.MAX_VALUE), Limits.STANDARD);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 31, 1000})
  void aFrameComesBackWhateverThePiecesItArrivesIn(int piece) throws IOException {
    FrameReader reader = new FrameReader(new ArrayStream(frame(), piece), Limits.STANDARD);
    assertTrue(reader.next());
    FrameHeader header = reader.header();
    assertEquals(FrameType.REPLY, header.type());
    assertEquals(4, header.operation());
    assertEquals(0x0102030405060708L, header.requestId());
    assertEquals(CONTROL, reader.control(Failure.parser()));
    ByteBuffer content = ByteBuffer.allocateDirect(100);
    reader.content(content);
    assertEquals(ByteBuffer.wrap(CONTENT), content);
    assertTrue(reader.verifies(content));
    assertFalse(reader.next());
  }

  @Test
  void aPooledFrameIsTheSameBytes() throws IOException {
    ArrayStream out = new ArrayStream(new byte[0], 1);
    PooledBuffer buffer = new BufferPool(2000, 1).take();
    buffer.bytes().position(FrameWriter.HEADROOM).put(CONTENT);
    buffer.bytes().flip();
    FrameHeader header = new FrameHeader().set(FrameType.REPLY, (byte) 4, 0x0102030405060708L);
    header.content(
        Encoding.RAW, CONTENT.length, CONTENT.length, new Checksum().of(ByteBuffer.wrap(CONTENT)));
    new FrameWriter(out).send(header, CONTROL, buffer);
    assertArrayEquals(frame(), out.written());
  }

  @Test
  void aControlPartThatDoesNotFitInFrontIsRefusedAndTheBufferComesBack() {
    BufferPool pool = new BufferPool(2000, 1);
    PooledBuffer buffer = pool.take();
    Failure large = Failure.newBuilder().setMessage("x".repeat(600)).build();
    FrameWriter writer = new FrameWriter(new ArrayStream(new byte[0], 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.send(new FrameHeader().set(FrameType.REPLY, (byte) 1, 1), large, buffer));
    assertTrue(pool.take() == buffer);
  }

  @Test
  void theEndBetweenFramesIsNoError() throws IOException {
    assertFalse(reader(new byte[0]).next());
  }

  @Test
  void aFrameCutOffAnywhereIsAnEarlyEnd() throws IOException {
    byte[] whole = frame();
    for (int length = 1; length < whole.length; length++) {
      FrameReader reader = reader(Arrays.copyOf(whole, length));
      assertThrows(
          EOFException.class,
          () -> {
            assertTrue(reader.next());
            reader.content(ByteBuffer.allocateDirect(100));
          });
    }
  }

  /** Offset of a byte in the header, and what it must not be. */
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0, 6",
    "0, -1",
    "2, 3",
    "2, -1",
    "3, 1",
    "28, 1",
    "31, -128",
    // Lengths above their limits, and negative ones: control, wire, content.
    "4, 127",
    "4, -128",
    "5, 2",
    "8, 127",
    "8, -1",
    "9, 32",
    "12, 127",
    "12, -128",
    "13, 17",
    // A raw content whose two lengths differ.
    "11, 1",
    "15, 1"
  })
  void aMalformedFieldIsRefusedBeforeAnythingElseIsRead(int offset, byte value) throws IOException {
    byte[] bytes = frame();
    bytes[offset] = value;
    ArrayStream stream = new ArrayStream(bytes, Integer.MAX_VALUE);
    FrameReader reader = new FrameReader(stream, Limits.STANDARD);
    assertThrows(ProtocolException.class, reader::next);
    assertEquals(bytes.length - FrameHeader.BYTES, stream.left());
  }

  @ParameterizedTest
  @CsvSource({"ZERO, 1, 1", "ZSTD, 0, 10", "ZSTD, 10, 10", "ZSTD, 11, 10", "RAW, 9, 10"})
  void lengthsThatDoNotFitTheEncodingAreRefused(Encoding encoding, int wire, int content) {
    ByteBuffer bytes = ByteBuffer.allocate(FrameHeader.BYTES);
    new FrameHeader()
        .set(FrameType.REPLY, (byte) 1, 1)
        .content(encoding, wire, content, 0)
        .encode(bytes);
    assertThrows(
        ProtocolException.class, () -> new FrameHeader().decode(bytes.flip(), Limits.STANDARD));
  }

  @Test
  void lengthsUpToTheLimitsAreAccepted() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(FrameHeader.BYTES);
    new FrameHeader()
        .set(FrameType.REPLY, (byte) 1, 1)
        .control(Limits.STANDARD.control())
        .content(Encoding.ZERO, 0, Limits.STANDARD.content(), 0)
        .encode(bytes);
    FrameHeader header = new FrameHeader();
    header.decode(bytes.flip(), Limits.STANDARD);
    assertEquals(1 << 20, header.contentLength());
    assertTrue(header.toString().contains("1048576"), header::toString);
  }

  @Test
  void aFailureMayComeInsteadOfWhatIsExpectedAndNothingElse() throws IOException {
    ArrayStream out = new ArrayStream(new byte[0], 1);
    new FrameWriter(out)
        .write(new FrameHeader().set(FrameType.FAILURE, (byte) 0, 0), CONTROL, null);
    FrameReader reader = reader(out.written());
    reader.expect(FrameType.HELLO);
    assertEquals(FrameType.FAILURE, reader.header().type());
    assertThrows(ProtocolException.class, () -> reader(frame()).expect(FrameType.HELLO));
    assertThrows(EOFException.class, () -> reader(new byte[0]).expect(FrameType.HELLO));
  }

  @Test
  void aControlPartThatIsNoSuchMessageIsRefused() throws IOException {
    byte[] bytes = frame();
    bytes[FrameHeader.BYTES] = (byte) 0xff;
    FrameReader reader = reader(bytes);
    assertTrue(reader.next());
    assertThrows(ProtocolException.class, () -> reader.control(Failure.parser()));
  }

  @Test
  void damagedContentDoesNotVerify() throws IOException {
    byte[] bytes = frame();
    bytes[bytes.length - 1] ^= 1;
    FrameReader reader = reader(bytes);
    assertTrue(reader.next());
    ByteBuffer content = ByteBuffer.allocateDirect(100);
    reader.content(content);
    assertFalse(reader.verifies(content));
  }

  @Test
  void whateverArrivesOnlyIoExceptionsCome() throws IOException {
    byte[] good = frame();
    Limits limits = new Limits(512, 4096);
    ByteBuffer content = ByteBuffer.allocateDirect(4096);
    Seeds.each(
        50_000,
        random -> {
          byte[] bytes;
          if (random.nextInt(4) == 0) {
            bytes = Seeds.bytes(random, random.nextInt(200));
            if (bytes.length > 3) {
              bytes[0] = (byte) (1 + random.nextInt(5));
              bytes[3] = 0;
            }
          } else {
            bytes = Arrays.copyOf(good, random.nextInt(2 * good.length));
            for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
              bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
          }
          FrameReader reader =
              new FrameReader(new ArrayStream(bytes, 1 + random.nextInt(50)), limits);
          try {
            while (reader.next()) {
              FrameHeader header = reader.header();
              assertTrue(header.controlLength() <= 512 && header.contentLength() <= 4096);
              assertEquals(header.controlLength(), reader.control().remaining());
              reader.content(content);
              assertEquals(header.wireLength(), content.remaining());
              switch (header.type()) {
                case HELLO -> assertTrue(reader.control(Hello.parser()).isInitialized());
                case OPEN -> assertTrue(reader.control(StreamOpen.parser()).isInitialized());
                case FAILURE -> assertTrue(reader.control(Failure.parser()).isInitialized());
                default -> assertTrue(reader.control(RoundReply.parser()).isInitialized());
              }
            }
          } catch (ProtocolException | EOFException e) {
            assertFalse(String.valueOf(e.getMessage()).isEmpty());
          }
        });
  }

  @Test
  void theChecksumIsCrc32cAndLeavesTheBufferAsItWas() {
    // RFC 3720, section B.4.
    ByteBuffer zeroes = ByteBuffer.allocateDirect(40).position(4).limit(36);
    assertEquals(0x8A9136AA, new Checksum().of(zeroes));
    assertEquals(4, zeroes.position());
    assertEquals(32, zeroes.remaining());
    byte[] rising = new byte[32];
    for (int i = 0; i < 32; i++) {
      rising[i] = (byte) i;
    }
    Checksum checksum = new Checksum();
    assertEquals(0x46DD794E, checksum.of(ByteBuffer.wrap(rising)));
    assertEquals(0x46DD794E, checksum.of(ByteBuffer.wrap(rising).asReadOnlyBuffer()));
    assertEquals(0, checksum.of(ByteBuffer.allocate(0)));
  }

  @Test
  void withoutCompressionNothingIsCompressedOrDecompressed() {
    assertFalse(Compression.NONE.compress(ByteBuffer.allocate(9), ByteBuffer.allocate(9)));
    assertThrows(
        ProtocolException.class,
        () -> Compression.NONE.decompress(ByteBuffer.allocate(9), ByteBuffer.allocate(9)));
  }
}
