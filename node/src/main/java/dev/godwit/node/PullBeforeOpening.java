package dev.godwit.node;

import dev.godwit.libc.DiskFull;
import dev.godwit.mount.ManagedMount;
import dev.godwit.mount.PullFirst;
import dev.godwit.session.Session;
import dev.godwit.session.SessionState;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Waits until all of a mount is here, and says what to do when that will not be. For one thread.
 */
final class PullBeforeOpening {
  private final ManagedMount mount;
  private final Session session;
  private final ResourceName name;
  private final Path cache;
  private final PullFirst pull;

  /**
   * Begins to look at the clock.
   *
   * @param cache where what comes is kept
   * @param timeout how long it may be that nothing comes
   */
  PullBeforeOpening(
      ManagedMount mount, Session session, ResourceName name, Path cache, Duration timeout) {
    this.mount = mount;
    this.session = session;
    this.name = name;
    this.cache = cache;
    this.pull = new PullFirst(mount, timeout, System::nanoTime);
  }

  /**
   * Waits until everything is here.
   *
   * @param limit how long; may be called again when it is over
   * @return whether everything is
   * @throws NodeException when it will not be, or nothing came for too long
   * @throws IOException when interrupted
   */
  boolean await(Duration limit) throws IOException {
    try {
      if (pull.await(limit)) {
        return true;
      }
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw failed(e);
    }
    @Nullable IOException failure = mount.pullFailure();
    if (failure != null && DiskFull.isSaidBy(failure.getMessage())) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          name
              + " does not fit here: "
              + reason(failure)
              + ". Make room where "
              + cache
              + " is, or give a --cache elsewhere, or mount it without --pull-first.",
          failure);
    }
    if (session.state() instanceof SessionState.Closed(String reason)) {
      throw new NodeException(
          NodeException.Kind.UNREACHABLE, name + " does not come any more: " + reason + ".");
    }
    return false;
  }

  private NodeException failed(IOException why) {
    if (mount.lost() != null) {
      return new NodeException(
          NodeException.Kind.FAILED,
          name
              + " cannot be written any more: "
              + why.getMessage()
              + ". Run the same command again, or mount it with --read-only.",
          why);
    }
    String what = name + " was not opened: " + why.getMessage() + way() + ". ";
    // A way that is gone may not be known to be yet; a failure came over it, or from the cache.
    return why.getCause() == null
        ? new NodeException(
            NodeException.Kind.UNREACHABLE,
            what
                + "Run the same command again when "
                + name.node()
                + " is back, or with a longer --timeout.",
            why)
        : new NodeException(
            NodeException.Kind.FAILED,
            what + "Run the same command again, or mount it without --pull-first.",
            why);
  }

  private String way() {
    return session.state() instanceof SessionState.Recovering(String cause, int _)
        ? " (" + cause + ")"
        : "";
  }

  /** Without the file, which is the cache. */
  private static String reason(IOException failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof FileSystemException file && file.getReason() != null) {
        return file.getReason();
      }
    }
    return String.valueOf(failure.getMessage());
  }
}
