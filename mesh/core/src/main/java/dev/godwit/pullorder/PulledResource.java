package dev.godwit.pullorder;

import dev.godwit.chunk.BlockSource;
import dev.godwit.chunk.ChunkGeometry;
import java.io.IOException;
import java.util.Optional;

/** What a pull order may want to know of the resource that is about to be pulled. */
public interface PulledResource {

  /** Names the resource in messages and in profiles; the same in every mount of it. */
  String identity();

  /** How it is divided. */
  ChunkGeometry geometry();

  /**
   * Where its bytes can be read before they are pulled. Best a backend that keeps what it fetches,
   * such as {@link dev.godwit.chunk.PartialBackend}: what an order reads is wanted anyway.
   */
  BlockSource source();

  /**
   * What an earlier mount read first.
   *
   * @throws IOException when there is one that cannot be read
   */
  Optional<AccessProfile> recorded() throws IOException;

  /**
   * What is hot at the owner.
   *
   * @throws IOException when the owner cannot be asked
   */
  Optional<AccessProfile> hot() throws IOException;
}
