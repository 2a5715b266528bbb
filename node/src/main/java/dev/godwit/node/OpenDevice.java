package dev.godwit.node;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** A device that programs can use. Closing it ends their access. */
interface OpenDevice extends Closeable {

  /** Where programs find it: a path, or an address as people write it. */
  String place();

  /** Completes when somebody else has taken the device away, as {@code umount} does. */
  CompletableFuture<Boolean> gone();

  /**
   * Brings here what the system holds back of what programs have written.
   *
   * @throws IOException when that fails; it may come later then, or never
   */
  default void writeOut() throws IOException {}

  /**
   * Blocks of what it shows have changed by other ways than through it: what the system keeps of
   * them is old. Called by one thread at a time, which may have to wait for programs' reads.
   *
   * @throws IOException when the system goes on to show what it keeps
   */
  default void changed(BlockRuns blocks, ChunkGeometry geometry) throws IOException {}

  /** A device that nobody else can take away, and that holds nothing back. */
  static OpenDevice of(String place, Closeable device) {
    CompletableFuture<Boolean> never = new CompletableFuture<>();
    return new OpenDevice() {
      @Override
      public String place() {
        return place;
      }

      @Override
      public CompletableFuture<Boolean> gone() {
        return never;
      }

      @Override
      public void close() throws IOException {
        device.close();
      }
    };
  }
}
