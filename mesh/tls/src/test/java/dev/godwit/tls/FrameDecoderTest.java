package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.stream.Connection.Urgency;
import dev.godwit.testing.EvilText;
import dev.godwit.testing.Seeds;
import dev.godwit.wire.ProtocolException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FrameDecoderTest {
  private static final ByteBufAllocator ALLOC = UnpooledByteBufAllocator.DEFAULT;

  private final Recorder recorder = new Recorder();
  private final FrameDecoder decoder = new FrameDecoder(recorder);

  private void decode(String hex) throws ProtocolException {
    decoder.decode(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex.replace(" ", ""))));
  }

  @Test
  void readsWhatIsWritten() throws Exception {
    for (ByteBuf frame :
        List.of(
            Frames.open(ALLOC, 1, Urgency.DEMAND),
            Frames.open(ALLOC, 3, Urgency.BULK),
            Frames.data(ALLOC, 3, 2).writeShort(0xabcd),
            Frames.fin(ALLOC, 3),
            Frames.reset(ALLOC, 1, 42),
            Frames.window(ALLOC, 5, 1 << 20),
            Frames.ping(ALLOC, -7),
            Frames.pong(ALLOC, 8),
            Frames.goodbye(ALLOC, "gone fishing"))) {
      decoder.decode(frame);
      frame.release();
    }
    assertEquals(
        List.of(
            "OPEN 1 DEMAND",
            "OPEN 3 BULK",
            "DATA 3 abcd",
            "FIN 3",
            "RESET 1 42",
            "WINDOW 5 1048576",
            "PING -7",
            "PONG 8",
            "GOODBYE gone fishing"),
        recorder.frames());
  }

  @Test
  void theBytesOnTheWireAreTheseAndNoOthers() throws Exception {
    decode("01 000001 00000001 01");
    decode("02 000003 00000001 010203");
    decode("03 000000 00000001");
    decode("04 000004 00000002 40000000");
    decode("05 000004 00000002 7fffffff");
    decode("06 000002 00000000 6f6b");
    decode("07 000008 00000000 0000000000000001");
    decode("08 000008 00000000 0000000000000002");
    assertEquals(
        List.of(
            "OPEN 1 BULK",
            "DATA 1 010203",
            "FIN 1",
            "RESET 2 1073741824",
            "WINDOW 2 2147483647",
            "GOODBYE ok",
            "PING 1",
            "PONG 2"),
        recorder.frames());
  }

  @Test
  void aReasonIsCutAndPrintable() throws Exception {
    ByteBuf frame = Frames.goodbye(ALLOC, "a\nb\u001b" + "x".repeat(300));
    decoder.decode(frame);
    frame.release();
    assertEquals(List.of("GOODBYE a?b?" + "x".repeat(Frames.MAX_REASON - 4)), recorder.frames());
  }

  @Test
  void aReasonIsFitForTerminals() throws Exception {
    ByteBuf frame = Frames.goodbye(ALLOC, EvilText.TEXT);
    decoder.decode(frame);
    frame.release();
    EvilText.assertHarmless(recorder.frames().getFirst());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00 000000 00000001", // no type
        "09 000000 00000001", // unknown type
        "ff ffffff ffffffff",
        "01 000000 00000001", // OPEN without urgency
        "01 000001 00000001 02", // OPEN with an urgency that there is not
        "01 000002 00000001", // OPEN that is too long
        "02 000000 00000001", // DATA without bytes
        "02 00fff9 00000001", // DATA one too long
        "02 000001 00000000", // DATA of no stream
        "02 000001 80000001", // DATA of a negative stream
        "03 000001 00000001", // FIN with a payload
        "04 000003 00000001", // RESET that is too short
        "04 000004 00000001 40000001", // RESET with too high a code
        "04 000004 00000001 ffffffff",
        "05 000004 00000001 00000000", // WINDOW of nothing
        "05 000004 00000001 80000000", // WINDOW of less than nothing
        "06 0000c9 00000000", // GOODBYE that is too long
        "06 000000 00000001", // GOODBYE of a stream
        "07 000007 00000000", // PING that is too short
        "07 000008 00000001", // PING of a stream
        "08 000009 00000000", // PONG that is too long
      })
  void refusesWhatIsNotAllowed(String hex) {
    assertThrows(ProtocolException.class, () -> decode(hex));
    assertEquals(List.of(), recorder.frames());
  }

  @Test
  void whereTheBytesAreCutDoesNotMatter() {
    Seeds.each(
        300,
        random -> {
          ByteBuf all = Unpooled.buffer();
          for (int i = random.nextInt(30); i >= 0; i--) {
            ByteBuf frame = anyFrame(random);
            all.writeBytes(frame);
            frame.release();
          }
          Recorder whole = new Recorder();
          new FrameDecoder(whole).decode(all.duplicate());
          Recorder cut = new Recorder();
          FrameDecoder cutting = new FrameDecoder(cut);
          while (all.isReadable()) {
            cutting.decode(all.readSlice(Math.min(all.readableBytes(), 1 + random.nextInt(40))));
          }
          assertEquals(whole.frames(), cut.frames());
        });
  }

  @Test
  void anyBytesAreFramesOrRefused() {
    Seeds.each(
        2000,
        random -> {
          FrameDecoder hostile = new FrameDecoder(new Recorder());
          ByteBuf frame = anyFrame(random);
          ByteBuf bytes = Unpooled.buffer().writeBytes(frame);
          frame.release();
          bytes.setByte(random.nextInt(bytes.readableBytes()), random.nextInt());
          try {
            hostile.decode(bytes);
            assertFalse(bytes.isReadable());
          } catch (ProtocolException e) {
            assertFalse(String.valueOf(e.getMessage()).isEmpty());
          }
        });
  }

  private static ByteBuf anyFrame(Random random) {
    int stream = 1 + random.nextInt(Integer.MAX_VALUE);
    return switch (random.nextInt(8)) {
      case 0 -> Frames.open(ALLOC, stream, random.nextBoolean() ? Urgency.DEMAND : Urgency.BULK);
      case 1 -> {
        int length = 1 + random.nextInt(200);
        yield Frames.data(ALLOC, stream, length).writeBytes(Seeds.bytes(random, length));
      }
      case 2 -> Frames.fin(ALLOC, stream);
      case 3 -> Frames.reset(ALLOC, stream, random.nextInt(Frames.MAX_CODE));
      case 4 -> Frames.window(ALLOC, stream, 1 + random.nextInt(1 << 20));
      case 5 -> Frames.goodbye(ALLOC, "r".repeat(random.nextInt(250)));
      case 6 -> Frames.ping(ALLOC, random.nextLong());
      default -> Frames.pong(ALLOC, random.nextLong());
    };
  }
}
