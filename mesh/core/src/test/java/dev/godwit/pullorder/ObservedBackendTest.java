package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.backend.Backend;
import dev.godwit.backend.BackendContract;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.OutOfRangeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ObservedBackendTest extends BackendContract {

  private final List<ByteRange> reads = new ArrayList<>();

  @Override
  protected Backend make(long size) {
    return new ObservedBackend(
        new MemoryBackend(size), (offset, length) -> reads.add(new ByteRange(offset, length)));
  }

  @Test
  void readsAreToldAndWritesAreNot() throws IOException {
    try (Backend backend = make(1000)) {
      backend.write(ByteBuffer.allocate(10), 5);
      backend.zero(0, 100, Backend.Holes.ALLOWED);
      backend.flush();
      backend.read(ByteBuffer.allocate(10), 990);
      assertEquals(List.of(new ByteRange(990, 10)), reads);
    }
  }

  @Test
  void readsOfNothingAndReadsOutsideAreNotTold() throws IOException {
    try (Backend backend = make(1000)) {
      backend.read(ByteBuffer.allocate(0), 5);
      assertThrows(OutOfRangeException.class, () -> backend.read(ByteBuffer.allocate(10), 991));
      assertThrows(OutOfRangeException.class, () -> backend.read(ByteBuffer.allocate(1), -1));
      assertEquals(List.of(), reads);
    }
  }
}
