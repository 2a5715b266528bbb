package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.godwit.wire.ProtocolException;
import io.netty.buffer.Unpooled;

/**
 * The parser of frames. An ordinary test run replays the inputs beside this class; with {@code
 * JAZZER_FUZZ=1} in the environment it looks for new ones.
 */
final class FrameFuzzTest {

  @FuzzTest
  void frames(byte[] bytes) {
    Recorder recorder = new Recorder();
    try {
      new FrameDecoder(recorder).decode(Unpooled.wrappedBuffer(bytes));
    } catch (ProtocolException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
    for (String frame : recorder.frames()) {
      assertFalse(frame.isEmpty());
    }
  }
}
