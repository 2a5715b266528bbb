package dev.godwit.mount;

import dev.godwit.backend.Backend.ExtentVisitor;
import dev.godwit.backend.Extent;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import java.io.IOException;

/** Runs of blocks with data, told as the extents of a range. */
final class ExtentWalk {
  private final BlockRuns data;
  private final ChunkGeometry geometry;

  private ExtentWalk(BlockRuns data, ChunkGeometry geometry) {
    this.data = data;
    this.geometry = geometry;
  }

  /** The extents of a resource whose data is in {@code data}, in ascending order. */
  static ExtentWalk of(BlockRuns data, ChunkGeometry geometry) {
    return new ExtentWalk(data, geometry);
  }

  /** As {@link dev.godwit.backend.Backend#extents}. */
  void visit(long offset, long length, ExtentVisitor visitor) throws IOException {
    long at = offset;
    long end = offset + length;
    for (int i = 0; i < data.size() && at < end; i++) {
      long from = Math.max(at, Math.min(end, geometry.blockOffset(data.from(i))));
      long to = Math.min(end, geometry.blockOffset(data.to(i)));
      if (to <= at) {
        continue;
      }
      if (from > at) {
        visitor.visit(at, from - at, Extent.Kind.HOLE);
      }
      if (to > from) {
        visitor.visit(from, to - from, Extent.Kind.DATA);
      }
      at = Math.max(from, to);
    }
    if (at < end) {
      visitor.visit(at, end - at, Extent.Kind.HOLE);
    }
  }
}
