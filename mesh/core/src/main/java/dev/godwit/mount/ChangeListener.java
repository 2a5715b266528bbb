package dev.godwit.mount;

import dev.godwit.chunk.BlockRuns;

/** Hears of what has changed at the owner of a mount that only reads. */
@FunctionalInterface
public interface ChangeListener {
  /**
   * Blocks may have changed: a read that begins now finds what they are. Called by one thread at a
   * time, a platform thread that may wait for the kernel.
   *
   * @param blocks in ascending order
   */
  void changed(BlockRuns blocks);
}
