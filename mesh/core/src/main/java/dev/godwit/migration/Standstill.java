package dev.godwit.migration;

import dev.godwit.backend.Backend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.chunk.TrackingBackend;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the program of a state to a standstill before the hand-over: it is stopped, its device is
 * fenced, and everything that it wrote is durable. For the thread of the seeder.
 */
final class Standstill {
  private static final Logger LOG = LoggerFactory.getLogger(Standstill.class);
  private static final Duration FENCE = Duration.ofSeconds(10);

  private final String resource;
  private final ProgramHook hook;
  private final Backend store;
  private final TrackingBackend tracking;
  private final LockedBackend gate;

  /**
   * @param store below {@code tracking}
   * @param gate above it; what the program writes to
   */
  Standstill(
      String resource,
      ProgramHook hook,
      Backend store,
      TrackingBackend tracking,
      LockedBackend gate) {
    this.resource = resource;
    this.hook = hook;
    this.store = store;
    this.tracking = tracking;
    this.gate = gate;
  }

  /**
   * How it went.
   *
   * @param late what was written since the last round
   * @param suspendNanos what it took to stop the program
   * @param flushNanos what it took to fence the device and flush
   */
  record Reached(BlockRuns late, long suspendNanos, long flushNanos) {
    /** Before there was any. */
    static final Reached NONE = new Reached(new BlockRuns(), 0, 0);
  }

  /**
   * Returns when the program stands still.
   *
   * @throws UnfitForHandoverException when it does not, or what it wrote is not saved, or the state
   *     is not fit; the message says which
   */
  Reached reach() throws UnfitForHandoverException {
    try {
      hook.imminent();
      // While the program still runs, so that little is left to flush while it stands still. The
      // first flush may take long enough for the program to write as much again.
      store.flush();
      store.flush();
      long start = System.nanoTime();
      stopProgram();
      long suspended = System.nanoTime();
      gate.fence(resource + " is being handed over", FENCE);
      store.flush();
      BlockRuns late = BlockRuns.of(tracking.drain());
      return new Reached(late, suspended - start, System.nanoTime() - suspended);
    } catch (UnfitForHandoverException e) {
      LOG.debug("{} is not handed over", resource, e);
      throw e;
    } catch (IOException e) {
      LOG.warn("finalizing {} failed: {}", resource, e.toString());
      throw new UnfitForHandoverException("what was written is not saved: " + e.getMessage(), e);
    }
  }

  private void stopProgram() throws IOException {
    try {
      hook.suspend();
    } catch (UnfitForHandoverException e) {
      throw e;
    } catch (IOException e) {
      LOG.warn("the program that uses {} could not be stopped: {}", resource, e.toString());
      throw new UnfitForHandoverException("the program could not be stopped: " + e.getMessage(), e);
    }
  }
}
