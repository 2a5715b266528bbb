package dev.godwit.node;

import dev.godwit.migration.UnfitForHandoverException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that somebody else writes to a file that is offered: what he wrote after it was copied is
 * missing in the copy. As long as this process writes nothing itself, the time of the last write
 * shows it; then only the size does. Thread-safe.
 */
final class ForeignWrites {
  private static final Logger LOG = LoggerFactory.getLogger(ForeignWrites.class);

  private final Path file;
  private LongSupplier own = () -> 0;
  private FileMark begun;

  /** Looks at it for the first time. */
  ForeignWrites(Path file) throws IOException {
    this.file = file;
    this.begun = FileMark.of(file);
  }

  /** Says how often this process has written to it; 0 until this is called. */
  synchronized void count(LongSupplier writes) {
    own = writes;
  }

  /** A copy is begun: only what is written from now on is missing there. */
  synchronized void begin() {
    try {
      FileMark now = FileMark.of(file);
      // Whatever it is by then, it cannot be larger or smaller than what is offered.
      begun = new FileMark(begun.bytes(), now.modified());
    } catch (IOException e) {
      // Found out when it is checked.
      LOG.debug("{} cannot be looked at", file, e);
    }
  }

  /**
   * Passes when nobody else has written to it since the copy was begun, as far as that shows.
   *
   * @throws UnfitForHandoverException when somebody has
   * @throws IOException when it cannot be looked at
   */
  synchronized void check() throws IOException {
    String what = changed(FileMark.of(file));
    if (what != null) {
      throw new UnfitForHandoverException(
          file
              + " "
              + what
              + " by another program while it was offered, and the copy would lack that. Have the"
              + " program use a --device, or stop it before the copy begins, then leech again");
    }
  }

  /** How it is left: nothing that anybody takes for it when somebody else has written to it. */
  synchronized FileMark leave() throws IOException {
    FileMark now = FileMark.of(file);
    return changed(now) == null ? now : FileMark.NONE;
  }

  private @Nullable String changed(FileMark now) {
    if (now.bytes() != begun.bytes()) {
      return "was made " + (now.bytes() < begun.bytes() ? "shorter" : "longer");
    }
    return own.getAsLong() == 0 && now.modified() != begun.modified() ? "was written to" : null;
  }
}
