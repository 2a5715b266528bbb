package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FlushFailedException;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.TrackingBackend;
import dev.godwit.mount.GivingWay.Haste;
import dev.godwit.pull.InFlightWindow;
import dev.godwit.session.RemoteException;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what was written here to the owner, in passes: each takes what was written since the one
 * before, so a block that is written often is sent once, and no block is under way twice. A block
 * counts as saved when the owner has flushed it, and is sent again when the owner began anew before
 * that, or its flush failed: what it may have lost then, it does not know itself. Nothing counts as
 * saved once the cache could not be flushed, because what was sent may not be what was written. One
 * thread works; the methods may be called by any.
 */
final class Pusher implements AutoCloseable, MountDevice.Saving {
  private static final Logger LOG = LoggerFactory.getLogger(Pusher.class);

  private static final Duration FLUSH = Duration.ofMinutes(5);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final MountClient client;
  private final long generation;
  private final Backend cache;
  private final ChunkGeometry geometry;
  private final TrackingBackend tracking;
  private final Duration interval;
  private final Runnable saved;
  private final PushRequests requests;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  private final Thread thread;
  private List<CompletableFuture<Boolean>> flushes = new ArrayList<>();
  private boolean passWanted;

  /** Of the pass under way. */
  private Haste haste = Haste.NONE;

  private final GivingWay way = new GivingWay();
  private boolean closed;

  /** Sent in this pass. */
  private volatile BlockSet pushing;

  /** Sent, and not flushed by the owner yet. */
  private volatile BlockSet unflushed;

  private volatile @Nullable String problem;
  private long incarnation;

  /** Whether a flush of the owner may have failed: what was sent before it may be lost there. */
  private boolean doubted;

  /**
   * A pusher that has not begun.
   *
   * @param cache where the bytes are
   * @param tracking knows what was written; this alone takes it from there
   * @param interval how long a block waits at most
   * @param saved hears that the owner has flushed everything that is not recorded anew, on the
   *     pusher's thread
   */
  Pusher(
      MountClient client,
      MountClient.Opened opened,
      Backend cache,
      TrackingBackend tracking,
      InFlightWindow window,
      Duration interval,
      Runnable saved) {
    this.client = client;
    this.generation = opened.generation();
    this.incarnation = opened.incarnation();
    this.geometry = opened.geometry();
    this.cache = cache;
    this.tracking = tracking;
    this.requests = new PushRequests(client, opened, cache, window, this::giveWay);
    this.interval = interval;
    this.saved = saved;
    this.pushing = new BlockSet(geometry.blocks());
    this.unflushed = new BlockSet(geometry.blocks());
    this.thread = Thread.ofVirtual().name("pusher").unstarted(this::work);
  }

  void start() {
    thread.start();
  }

  /** Bytes that the owner has not flushed, rounded up to blocks. */
  @Override
  public long unsavedBytes() {
    long blocks;
    lock.lock();
    try {
      blocks = (long) tracking.recorded() + pushing.count() + unflushed.count();
    } finally {
      lock.unlock();
    }
    return Math.min(blocks * geometry.blockSize(), Math.max(geometry.size(), 0));
  }

  @Override
  public long taken() {
    return requests.taken();
  }

  /** Why the last attempt to save failed; null when it did not. */
  @Nullable String problem() {
    return problem;
  }

  /** Adds the blocks that the owner has not flushed. */
  void unsavedInto(BlockSet blocks) {
    lock.lock();
    try {
      tracking.recordedInto(blocks);
      pushing.forEachRun(blocks::add);
      unflushed.forEachRun(blocks::add);
    } finally {
      lock.unlock();
    }
  }

  /** Does not wait for the interval. */
  void pushNow() {
    lock.lock();
    try {
      passWanted = true;
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Completes when the owner has flushed what was written before this call. */
  CompletableFuture<Boolean> flush() {
    CompletableFuture<Boolean> flushed = new CompletableFuture<>();
    lock.lock();
    try {
      if (closed) {
        flushed.completeExceptionally(new IOException("the mount is closed"));
      } else {
        flushes.add(flushed);
        wanted.signal();
      }
    } finally {
      lock.unlock();
    }
    return flushed;
  }

  private void work() {
    List<CompletableFuture<Boolean>> waiting = List.of();
    try {
      while (true) {
        waiting = awaitWork();
        try {
          save();
          problem = null;
          waiting.forEach(each -> each.complete(true));
        } catch (IOException e) {
          LOG.debug("what was written could not be saved", e);
          // Who is interrupted ends, and knows nothing new.
          if (!Thread.currentThread().isInterrupted()) {
            problem = said(e);
          }
          for (CompletableFuture<Boolean> each : waiting) {
            each.completeExceptionally(e);
          }
          TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
        }
        waiting = List.of();
      }
    } catch (InterruptedException e) {
      LOG.trace("the pusher ends", e);
    } finally {
      IOException end = new IOException("the mount is closed");
      waiting.forEach(each -> each.completeExceptionally(end));
    }
  }

  private static String said(IOException e) {
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof RemoteException refused) {
        return "its owner says: " + refused.getMessage();
      }
    }
    return e instanceof FlushFailedException ? String.valueOf(e.getMessage()) : Failures.text(e);
  }

  private List<CompletableFuture<Boolean>> awaitWork() throws InterruptedException {
    lock.lock();
    try {
      long left = interval.toNanos();
      while (!passWanted && flushes.isEmpty() && (left > 0 || isClean())) {
        left = wanted.awaitNanos(Math.max(left, interval.toNanos() / 4 + 1));
      }
      haste = awaited();
      passWanted = false;
      List<CompletableFuture<Boolean>> taken = flushes;
      flushes = new ArrayList<>();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void giveWay() throws IOException {
    lock.lock();
    try {
      long left = way.pause(tracking.recorded(), haste()).toNanos();
      while (left > 0 && haste() == Haste.NONE) {
        left = wanted.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while saving", e);
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock: whether somebody waits for the pass under way, or for the next. */
  private Haste haste() {
    return haste == Haste.NONE ? awaited() : haste;
  }

  /** Under the lock: whether somebody waits for the next pass. */
  private Haste awaited() {
    return passWanted || !flushes.isEmpty() ? Haste.AWAITED : Haste.NONE;
  }

  private boolean isClean() {
    return tracking.recorded() == 0 && unflushed.isEmpty();
  }

  /** One pass, and the owner's flush; again when the owner has begun anew in between. */
  private void save() throws IOException {
    if (doubted) {
      // Asked first, so that nothing is sent to an owner that cannot keep it.
      incarnation = client.flush(generation, FLUSH);
      sendAgain();
      doubted = false;
    }
    while (true) {
      pass();
      long now = flushBoth();
      if (now == incarnation) {
        unflushed = new BlockSet(geometry.blocks());
        saved.run();
        return;
      }
      LOG.info("the owner has begun anew; what it has not flushed is sent again");
      incarnation = now;
      sendAgain();
    }
  }

  private void sendAgain() {
    move(
        () -> {
          tracking.record(unflushed);
          unflushed = new BlockSet(geometry.blocks());
        });
  }

  /**
   * Flushes the owner's disk, and beside it the cache: bytes that could not be written back there
   * may have been read as they were before, and only a flush tells.
   *
   * @return the incarnation of the owner
   */
  private long flushBoth() throws IOException {
    CompletableFuture<Boolean> here = new CompletableFuture<>();
    Thread.ofVirtual().name("pusher-flush").start(() -> flushHere(here));
    long now;
    try {
      now = client.flush(generation, FLUSH);
    } catch (IOException e) {
      // Its disk has failed, or the answer that says so was lost.
      doubted = true;
      throw e;
    }
    try {
      boolean _ = here.get(FLUSH.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof FlushFailedException failed ? failed : new IOException(e);
    } catch (TimeoutException e) {
      throw new IOException("the cache is not flushed after " + FLUSH.toMinutes() + " min", e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while saving", e);
    }
    return now;
  }

  private void flushHere(CompletableFuture<Boolean> done) {
    try {
      cache.flush();
      done.complete(true);
    } catch (IOException | RuntimeException e) {
      done.completeExceptionally(e);
    }
  }

  /** Moves blocks from one set to another; whoever counts them finds each in one of the two. */
  private void move(Runnable moving) {
    lock.lock();
    try {
      moving.run();
    } finally {
      lock.unlock();
    }
  }

  private void pass() throws IOException {
    move(() -> pushing = tracking.drain());
    boolean sent = false;
    try {
      requests.send(pushing);
      sent = true;
    } finally {
      BlockSet batch = pushing;
      Consumer<BlockSet> to = sent ? this::awaitsFlush : tracking::record;
      move(
          () -> {
            to.accept(batch);
            pushing = new BlockSet(geometry.blocks());
          });
    }
  }

  private void awaitsFlush(BlockSet batch) {
    batch.forEachRun(unflushed::add);
  }

  /** Ends; what is not saved stays in the cache. */
  @Override
  public void close() throws IOException {
    List<CompletableFuture<Boolean>> waiting;
    lock.lock();
    try {
      closed = true;
      waiting = flushes;
      flushes = new ArrayList<>();
    } finally {
      lock.unlock();
    }
    for (CompletableFuture<Boolean> each : waiting) {
      each.completeExceptionally(new IOException("the mount is closed"));
    }
    thread.interrupt();
    try {
      if (!thread.join(Duration.ofSeconds(10))) {
        LOG.warn("the pusher does not end");
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while closing", e);
    }
  }
}
