package dev.godwit.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the blocks are that are not here: a seeder, the owner of a mounted resource. */
@FunctionalInterface
public interface BlockSource {

  /**
   * Fills {@code dst} from {@code offset} as soon as possible, ahead of background transfers.
   *
   * @throws IOException when the source cannot be reached within its deadline, or refuses
   */
  void fetch(ByteBuffer dst, long offset) throws IOException;
}
