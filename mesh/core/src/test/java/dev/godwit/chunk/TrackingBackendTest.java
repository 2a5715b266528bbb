package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.backend.MemoryBackend;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrackingBackendTest {
  /** What is heard here may be noted as unsaved; whoever saves asks then whether it is recorded. */
  private final class Listener implements BlockSet.RunVisitor {
    private final List<Boolean> recorded = new ArrayList<>();

    @Override
    public void run(int from, int to) {
      BlockSet now = new BlockSet(tracked.blocks());
      tracking.recordedInto(now);
      recorded.add(now.contains(from));
    }
  }

  private final Listener listener = new Listener();
  private final ChunkGeometry tracked = ChunkGeometry.of(1 << 20);
  private final TrackingBackend tracking =
      new TrackingBackend(new MemoryBackend(1 << 20), tracked, listener);

  @Test
  void blocksAreRecordedBeforeAnybodyHearsThatTheyWereWritten() throws Exception {
    tracking.start();
    tracking.write(ByteBuffer.allocate(10), 5000);
    tracking.trim(0, 10);
    assertEquals(List.of(true, true), listener.recorded);
  }
}
