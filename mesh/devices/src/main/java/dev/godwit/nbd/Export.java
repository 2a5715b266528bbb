package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import java.nio.charset.StandardCharsets;

/**
 * A resource as NBD clients see it.
 *
 * @param name what clients ask for, at most 4096 bytes of UTF-8, may be empty
 * @param description shown to people, at most 4096 bytes of UTF-8, may be empty
 * @param backend where the bytes live; stays the owner's to close
 * @param access whether clients may write
 * @param blockSizes what clients have to keep to; the minimum divides the backend's size
 */
public record Export(
    String name, String description, Backend backend, Access access, BlockSizes blockSizes) {

  /** What clients may do. */
  public enum Access {
    /** Reading only; every change is answered with {@link NbdError#EPERM}. */
    READ_ONLY,
    /** Reading and writing. */
    READ_WRITE
  }

  /** Rejects names and descriptions that do not fit into the protocol. */
  public Export {
    if (name.getBytes(StandardCharsets.UTF_8).length > Protocol.MAX_STRING
        || name.indexOf('\0') >= 0
        || description.getBytes(StandardCharsets.UTF_8).length > Protocol.MAX_STRING) {
      throw new IllegalArgumentException("export name or description too long");
    }
    if (backend.size() % blockSizes.minimum() != 0) {
      throw new IllegalArgumentException(
          "size " + backend.size() + " is no multiple of " + blockSizes.minimum());
    }
  }

  /** A writable export without description or constraints. */
  public static Export of(String name, Backend backend) {
    return new Export(name, "", backend, Access.READ_WRITE, BlockSizes.DEFAULT);
  }
}
