package dev.godwit.node;

import dev.godwit.mount.ProfileStore;
import dev.godwit.pullorder.AccessProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * A profile in a file.
 *
 * @param file of the profile
 */
record ProfileFile(Path file) implements ProfileStore {
  @Override
  public Optional<byte[]> load() throws IOException {
    if (!Files.exists(file) || Files.size(file) > AccessProfile.MAX_ENCODED) {
      return Optional.empty();
    }
    return Optional.of(Files.readAllBytes(file));
  }

  @Override
  public synchronized void save(byte[] encoded) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.write(fresh, encoded);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
