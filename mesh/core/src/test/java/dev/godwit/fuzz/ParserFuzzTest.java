package dev.godwit.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.log.StableLog;
import dev.godwit.migration.Journal;
import dev.godwit.testing.ArrayStream;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.Limits;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.RoundReply;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Parsers of hostile bytes. An ordinary test run replays the inputs beside this class; with {@code
 * JAZZER_FUZZ=1} in the environment one of the methods looks for new ones.
 */
final class ParserFuzzTest {

  @FuzzTest
  void frames(byte[] bytes) throws IOException {
    FrameReader reader =
        new FrameReader(new ArrayStream(bytes, Integer.MAX_VALUE), new Limits(512, 4096));
    ByteBuffer content = ByteBuffer.allocateDirect(4096);
    try {
      while (reader.next()) {
        reader.content(content);
        assertTrue(reader.control(RoundReply.parser()).isInitialized());
      }
    } catch (ProtocolException | EOFException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }

  @FuzzTest
  void blockRuns(byte[] bytes) {
    BlockRuns runs = new BlockRuns();
    try {
      runs.decode(ByteBuffer.wrap(bytes), 1000);
    } catch (IllegalArgumentException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
    assertTrue(runs.highest() <= 1000);
  }

  /** Each entry is preceded by one byte for its length. */
  @FuzzTest
  void journalEntries(byte[] bytes) {
    List<byte[]> entries = new ArrayList<>();
    for (int at = 0; at < bytes.length; ) {
      int end = Math.min(bytes.length, at + 1 + Byte.toUnsignedInt(bytes[at]));
      entries.add(Arrays.copyOfRange(bytes, at + 1, end));
      at = end;
    }
    try {
      assertFalse(new Journal(new GivenLog(entries)).ownership().word().isEmpty());
    } catch (IOException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }

  /** A log that only tells what it was given. */
  private record GivenLog(List<byte[]> entries) implements StableLog {
    @Override
    public void append(byte[] entry) throws IOException {
      throw new IOException("read-only");
    }

    @Override
    public void replace(byte[] entry) throws IOException {
      throw new IOException("read-only");
    }

    @Override
    public void close() {}
  }
}
