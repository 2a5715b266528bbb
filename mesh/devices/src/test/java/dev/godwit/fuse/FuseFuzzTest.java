package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.StagedBackend;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/**
 * The parsers of what the kernel says. An ordinary test run replays the inputs beside this class;
 * with {@code JAZZER_FUZZ=1} in the environment one of the methods looks for new ones.
 */
final class FuseFuzzTest {
  private static final int SIZE = 100_003;

  @FuzzTest
  void requests(byte[] bytes) {
    FuseRequest request = new FuseRequest();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    if (request.parse(buffer, bytes.length) == FuseRequest.Form.WHOLE) {
      assertTrue(request.offset() >= 0 || request.opcode() == FuseOpcode.INTERRUPT);
      assertTrue(request.length() >= 0);
      assertFalse(request.toString().isEmpty());
    }
  }

  /** Each request is preceded by one byte for its length. */
  @FuzzTest
  void sessions(byte[] bytes) throws InterruptedException {
    FakeKernel kernel = new FakeKernel();
    int requests = 0;
    for (int at = 0; at < bytes.length; requests++) {
      int end = Math.min(bytes.length, at + 1 + Byte.toUnsignedInt(bytes[at]));
      kernel.send(
          ByteBuffer.wrap(bytes, at + 1, end - at - 1).slice().order(ByteOrder.nativeOrder()));
      at = end;
    }
    kernel.end();
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    InstantSource clock = InstantSource.system();
    var session =
        new FuseSession(
            "/x",
            backend,
            FuseSettings.DEFAULT.withInFlight(1),
            FileStatus.initial(0600, 0, 0, Instant.EPOCH),
            clock,
            List.of(kernel));
    session.start();
    assertTrue(session.awaitEnd(Duration.ofSeconds(30)));
    assertTrue(kernel.replies() <= requests);
    while (kernel.replies() > 0) {
      int error = kernel.reply().getInt(4);
      assertTrue(error <= 0 && error > -4096, "error " + error);
    }
  }

  @FuzzTest
  void mountTables(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    MountTable table = MountTable.parse(text.lines().toList());
    assertTrue(table.at(Path.of("/nowhere")).isEmpty() || text.contains("/nowhere"));
  }
}
