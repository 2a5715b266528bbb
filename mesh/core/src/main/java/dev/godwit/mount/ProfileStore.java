package dev.godwit.mount;

import java.io.IOException;
import java.util.Optional;

/** Where an owner keeps what the last mount of a resource read first. Thread-safe. */
public interface ProfileStore {

  /**
   * The encoded profile.
   *
   * @throws IOException when there is one that cannot be read
   */
  Optional<byte[]> load() throws IOException;

  /**
   * Keeps it instead of the one before.
   *
   * @throws IOException when it cannot be stored
   */
  void save(byte[] encoded) throws IOException;
}
