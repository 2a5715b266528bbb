package dev.godwit.webrtc.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BridgeTest {
  private static final int FRAMES = 300;

  /** Gives as many bytes at a time as chance wants. */
  private record Drop(Random random, ReadableByteChannel from) implements ReadableByteChannel {
    @Override
    public int read(ByteBuffer to) throws IOException {
      int limit = to.limit();
      to.limit(to.position() + Math.min(to.remaining(), 1 + random.nextInt(100_000)));
      int count = from.read(to);
      to.limit(limit);
      return count;
    }

    @Override
    public boolean isOpen() {
      return from.isOpen();
    }

    @Override
    public void close() throws IOException {
      from.close();
    }
  }

  private static byte[] body(int number) {
    return Seeds.bytes(new Random(number), number * 7919 % (BridgeFrame.MAX_BODY + 1));
  }

  @Test
  void framesAreReadAsTheyWereWritten() {
    Seeds.each(
        3,
        random -> {
          Pipe pipe = Pipe.open();
          Thread writer =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try (Pipe.SinkChannel sink = pipe.sink()) {
                          BridgeOutput output = new BridgeOutput(sink);
                          for (int i = 0; i < FRAMES; i++) {
                            output.write(BridgeType.MESSAGE, i, -i, ByteBuffer.wrap(body(i)));
                          }
                        } catch (IOException e) {
                          throw new AssertionError(e);
                        }
                      });
          List<BridgeFrame> read = new ArrayList<>();
          new BridgeReader(new Drop(random, pipe.source()))
              .run(
                  (frame, body) -> {
                    byte[] expected = body(read.size());
                    assertEquals(
                        new BridgeFrame(
                            BridgeType.MESSAGE, read.size(), -read.size(), expected.length),
                        frame);
                    assertEquals(ByteBuffer.wrap(expected), body);
                    read.add(frame);
                  });
          assertEquals(FRAMES, read.size());
          writer.join();
          pipe.source().close();
        });
  }

  private static BridgeFrame parse(int... integers) throws BridgeException {
    ByteBuffer header = ByteBuffer.allocate(BridgeFrame.HEADER);
    for (int integer : integers) {
      header.putInt(integer);
    }
    return BridgeFrame.parse(header.flip());
  }

  @Test
  void aHeaderThatMakesNoSenseIsRefused() {
    assertThrows(BridgeException.class, () -> parse(-1, 0, 0, 0));
    assertThrows(BridgeException.class, () -> parse(BridgeFrame.MAX_BODY + 1, 0, 0, 0));
    assertThrows(BridgeException.class, () -> parse(0, 99, 0, 0));
    assertThrows(BridgeException.class, () -> parse(0, -1, 0, 0));
  }

  @Test
  void everyTypeHasItsNumber() throws Exception {
    for (BridgeType type : BridgeType.values()) {
      assertEquals(type, BridgeType.of(type.number()));
    }
  }

  @Test
  void textsAreReadAsTheyWereWritten() throws Exception {
    assertEquals(List.of("", "grüße", "x"), Fields.decode(Fields.encode("", "grüße", "x"), 3));
  }

  @Test
  void textsThatEndTooEarlyAreRefused() {
    ByteBuffer texts = Fields.encode("one", "two");
    for (int length = 1; length < texts.limit(); length++) {
      ByteBuffer cut = texts.slice(0, length);
      assertThrows(BridgeException.class, () -> Fields.decode(cut, 2));
    }
    assertThrows(BridgeException.class, () -> Fields.decode(texts.duplicate(), 3));
  }
}
