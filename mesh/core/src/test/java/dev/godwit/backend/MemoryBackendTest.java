package dev.godwit.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MemoryBackendTest extends BackendContract {
  @Override
  protected Backend make(long size) {
    return new MemoryBackend(size);
  }

  @Test
  void aLargeOneTakesNoMemoryWhereNothingIsWritten() throws IOException {
    try (var backend = new MemoryBackend(1L << 40)) {
      backend.write(ByteBuffer.allocate(1), 1L << 39);
      List<Extent> extents = new ArrayList<>();
      backend.extents(0, 1L << 40, (o, l, kind) -> extents.add(new Extent(o, l, kind)));
      assertEquals(3, extents.size());
      assertEquals(MemoryBackend.SLAB, extents.get(1).length());
      backend.zero(1L << 39, MemoryBackend.SLAB, Backend.Holes.ALLOWED);
      extents.clear();
      backend.extents(0, 1L << 40, (o, l, kind) -> extents.add(new Extent(o, l, kind)));
      assertEquals(List.of(new Extent(0, 1L << 40, Extent.Kind.HOLE)), extents);
    }
  }

  @Test
  void sizesThatCannotBeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new MemoryBackend(-1));
    assertThrows(IllegalArgumentException.class, () -> new MemoryBackend(Long.MAX_VALUE));
  }
}
