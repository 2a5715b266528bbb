package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.pullorder.ByteRange;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A resource of another node that programs use here. Thread-safe. */
public sealed interface Mount extends AutoCloseable permits DirectMount, ManagedMount {

  /** What programs read and write. */
  Backend device();

  /** Bytes that were written here and that the owner has not made durable yet, rounded up. */
  long unsavedBytes();

  /** Where those bytes are, in order. */
  default List<ByteRange> unsaved() {
    return List.of();
  }

  /** Bytes that would have to be fetched if they were touched. */
  long missingBytes();

  /** Why what was written cannot be saved now; null when it can, or nothing was. */
  @Nullable String problem();

  /** Why what was fetched cannot be kept here now; null when it can. */
  default @Nullable String cacheProblem() {
    return null;
  }

  /** Why it cannot be written any more; null while it can. */
  @Nullable String lost();

  /** Adds one who hears of what others change, when this mount only reads. */
  void onChange(ChangeListener listener);

  /**
   * Ends the mount: accesses fail from now on, what was written is brought to the owner, and the
   * lease is given back.
   *
   * @param limit how long that may take
   * @return how many bytes are not saved
   * @throws IOException when something here could not be made durable
   */
  long end(Duration limit) throws IOException;

  /** Stops at once, as a crash would; {@link #end} is the orderly way. */
  @Override
  void close() throws IOException;
}
