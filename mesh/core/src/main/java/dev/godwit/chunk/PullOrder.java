package dev.godwit.chunk;

/**
 * Which block is pulled next in the background. Asked by one thread at a time; may keep a place.
 */
@FunctionalInterface
public interface PullOrder {

  /**
   * Chooses a member of {@code wanted}.
   *
   * @param wanted the blocks that are neither here nor asked for; not to be changed
   * @return a member, or {@code -1} when there is none
   */
  int next(BlockSet wanted);

  /** From the first block to the last. */
  static PullOrder linear() {
    return new PullOrder() {
      private int place;

      @Override
      public int next(BlockSet wanted) {
        int block = wanted.next(place);
        if (block < 0) {
          block = wanted.next(0);
        }
        place = Math.max(0, block);
        return block;
      }
    };
  }
}
