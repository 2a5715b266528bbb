package dev.godwit.mount;

import dev.godwit.chunk.BlockClaims;
import dev.godwit.session.Origin;
import dev.godwit.session.SessionId;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a write that comes late from undoing a newer one. A request that was asked again on another
 * connection may still be on its way on the old one; when it was answered there long ago, newer
 * writes to the same place may have happened since. So once something has come on a connection,
 * nothing begins that came on an earlier one, and what began there is waited for. Thread-safe.
 */
final class WriteOrder {
  private final BlockClaims claims = new BlockClaims();
  private final ReentrantLock lock = new ReentrantLock();
  private final Duration patience;
  private long generation;
  private @Nullable SessionId session;
  private long link;

  /**
   * No order yet.
   *
   * @param patience how long a write waits for another one to the same blocks
   */
  WriteOrder(Duration patience) {
    this.patience = patience;
  }

  /**
   * Lets a write of some blocks begin, which ends when the claim is closed; null when it is not to
   * be done any more.
   *
   * @param ofGeneration of the lease it belongs to
   * @throws IOException when another write of these blocks does not end
   */
  BlockClaims.@Nullable Claim begin(long ofGeneration, Origin origin, int from, int to)
      throws IOException {
    if (!isNewest(ofGeneration, origin)) {
      return null;
    }
    BlockClaims.Claim claim = claims.claim(from, to, patience);
    if (isNewest(ofGeneration, origin)) {
      return claim;
    }
    claim.close();
    return null;
  }

  /**
   * A lease of that generation begins, or goes on, in a session: nothing older begins from now on,
   * and what was under way has ended when this returns.
   *
   * @throws IOException when it does not end
   */
  void advance(long ofGeneration, Origin origin) throws IOException {
    lock.lock();
    try {
      if (ofGeneration >= generation) {
        generation = ofGeneration;
        if (!origin.session().equals(session)) {
          session = origin.session();
          link = 0;
        }
      }
    } finally {
      lock.unlock();
    }
    claims.claim(0, Integer.MAX_VALUE, patience).close();
  }

  private boolean isNewest(long ofGeneration, Origin origin) {
    lock.lock();
    try {
      if (session == null) {
        // The owner has begun anew: nothing older can be on its way.
        generation = ofGeneration;
        session = origin.session();
      }
      if (ofGeneration != generation || !origin.session().equals(session)) {
        return false;
      }
      if (origin.link() < link) {
        return false;
      }
      link = origin.link();
      return true;
    } finally {
      lock.unlock();
    }
  }
}
