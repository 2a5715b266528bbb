package dev.godwit.internet;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a link: takes packets out of one interface and puts them into another, when the
 * model says so. Does so on a platform thread of its own and allocates nothing for a packet.
 */
final class OneWay {
  /** A packet has at most the interface's MTU. */
  private static final int BUFFER = 2048;

  /** So many packets are taken in before what is due leaves. */
  private static final int BATCH = 64;

  private static final long IDLE_NANOS = 1_000_000_000L;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** How many buffers a link has: what fits on it when it is fast, in packets of medium size. */
  private static final int MIN_BUFFERS = 1024;

  private static final int MAX_BUFFERS = 1 << 15;
  private static final long FAST = 4_000_000_000L;
  private static final int MEDIUM = 1000;

  private enum State {
    OPEN,
    CUT,
    CLOSED
  }

  /** What the thread shall do in between; what came before is treated as before. */
  private record Order(Runnable action, CountDownLatch done) {}

  private final int from;
  private final int to;
  private final int bell;
  private final LinkModel model;
  private final int buffers;
  private final PacketQueue travelling;
  private final int[] free;
  private int freeCount;
  private State state = State.OPEN;
  private @Nullable PacketTap tap;

  private final AtomicReference<@Nullable Order> order = new AtomicReference<>();
  private final AtomicLong packets = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final Thread thread;
  private volatile @Nullable IOException failure;

  /**
   * A direction that does nothing until {@link #start}.
   *
   * @param from file descriptor of the interface that packets come from; belongs to the caller
   * @param to where they go to; belongs to the caller
   */
  OneWay(String name, int from, int to, LinkProfile profile, LinkModel model) throws IOException {
    this.from = from;
    this.to = to;
    this.model = model;
    this.buffers = buffers(profile);
    this.travelling = new PacketQueue(buffers);
    this.free = new int[buffers];
    for (int buffer = 0; buffer < buffers; buffer++) {
      free[freeCount++] = buffer;
    }
    this.bell = Kernel.openEvent();
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  private static int buffers(LinkProfile profile) {
    double seconds = profile.delay().plus(profile.jitter()).toNanos() / 1e9;
    double travelling = seconds * Math.min(profile.rate(), FAST) / Byte.SIZE;
    return (int) Math.clamp((travelling + profile.queue()) / MEDIUM, MIN_BUFFERS, MAX_BUFFERS);
  }

  void start() {
    thread.start();
  }

  LinkStats stats() {
    return new LinkStats(packets.get(), bytes.get(), lost.get(), dropped.get());
  }

  /** Everything that was sent before this returns, and has not arrived, never arrives. */
  void cut() throws IOException {
    order(() -> state = State.CUT);
  }

  /** What is sent from now on arrives. */
  void mend() throws IOException {
    order(() -> state = State.OPEN);
  }

  /** Shows what comes from now on to somebody, or to nobody. */
  void show(@Nullable PacketTap to) throws IOException {
    order(() -> tap = to);
  }

  /** Ends the thread; the interfaces are no longer used after this. */
  void close() throws IOException {
    if (thread.isAlive()) {
      order(() -> state = State.CLOSED);
    }
    try {
      if (!thread.join(PATIENCE)) {
        throw new IOException(thread.getName() + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(thread.getName() + ": interrupted while it ends", e);
    }
    Kernel.close(bell);
    checkFailure();
  }

  private void checkFailure() throws IOException {
    IOException failed = failure;
    if (failed != null) {
      throw new IOException(thread.getName() + " has failed", failed);
    }
  }

  private void order(Runnable action) throws IOException {
    Order mine = new Order(action, new CountDownLatch(1));
    if (!order.compareAndSet(null, mine)) {
      throw new IllegalStateException("two threads change " + thread.getName());
    }
    try {
      Kernel.signal(bell);
      if (!mine.done().await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        checkFailure();
        throw new IOException(thread.getName() + " does not answer");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(thread.getName() + ": interrupted", e);
    } finally {
      order.compareAndSet(mine, null);
    }
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      new Pump(arena).run();
    } catch (IOException e) {
      failure = e;
    }
  }

  /** Only this thread writes it. */
  private static void add(AtomicLong counter, long amount) {
    counter.setRelease(counter.getPlain() + amount);
  }

  /** The thread's own memory and clock. */
  private final class Pump {
    private final MemorySegment errno;
    private final MemorySegment interest;
    private final MemorySegment timespec;
    private final MemorySegment bellNumber;
    private final MemorySegment segment;
    private final long memory;
    private final long zero = System.nanoTime();

    Pump(Arena arena) {
      this.errno = arena.allocate(Kernel.STATE);
      this.interest = Kernel.interest(arena, from, bell);
      this.timespec = arena.allocate(2L * Long.BYTES, Long.BYTES);
      this.bellNumber = arena.allocate(Long.BYTES, Long.BYTES);
      this.segment = arena.allocate((long) buffers * BUFFER, Long.BYTES);
      this.memory = segment.address();
    }

    private long now() {
      return System.nanoTime() - zero;
    }

    void run() throws IOException {
      boolean more = false;
      while (state != State.CLOSED) {
        deliver();
        if (!more) {
          await();
        }
        Order next = order.get();
        if (next == null) {
          more = receive();
        } else {
          obey(next);
          more = true;
        }
      }
    }

    /** Hands over what has arrived. */
    private void deliver() {
      long now = now();
      while (travelling.arrival() <= now) {
        int length = travelling.length();
        int buffer = travelling.remove();
        write(buffer, length);
        free[freeCount++] = buffer;
      }
    }

    private void write(int buffer, int length) {
      // It fails when the interface is down, which is as good as a cut.
      if (Kernel.write(errno, to, memory + (long) buffer * BUFFER, length) < 0) {
        add(dropped, 1);
      }
    }

    private void await() throws IOException {
      long nanos = Math.min(IDLE_NANOS, travelling.arrival() - now());
      if (nanos <= 0) {
        return;
      }
      int result = Kernel.await(errno, interest, timespec, nanos);
      if (result < 0 && result != -Kernel.EINTR) {
        throw new IOException("ppoll: error number " + -result);
      }
    }

    /** Whether there may be more to take in. */
    private boolean receive() throws IOException {
      for (int i = 0; i < BATCH; i++) {
        if (!receiveOne()) {
          return false;
        }
      }
      return true;
    }

    private boolean receiveOne() throws IOException {
      // There is always one: the last one is never given away.
      int buffer = free[freeCount - 1];
      long length = Kernel.read(errno, from, memory + (long) buffer * BUFFER, BUFFER);
      if (length < 0) {
        if (length == -Kernel.EAGAIN || length == -Kernel.EINTR) {
          return false;
        }
        throw new IOException("read: error number " + -length);
      }
      add(packets, 1);
      add(bytes, length);
      if (tap != null) {
        tap.packet(segment, (long) buffer * BUFFER, (int) length);
      }
      if (state == State.CUT) {
        add(dropped, 1);
        return true;
      }
      long now = now();
      long arrival = model.admit(now, (int) length);
      if (arrival == LinkModel.LOST) {
        add(lost, 1);
      } else if (arrival == LinkModel.DROPPED) {
        add(dropped, 1);
      } else if (arrival <= now && travelling.isEmpty()) {
        write(buffer, (int) length);
      } else if (freeCount == 1) {
        add(dropped, 1);
      } else {
        freeCount--;
        travelling.add(buffer, (int) length, arrival);
      }
      return true;
    }

    private void obey(Order next) throws IOException {
      Kernel.read(errno, bell, bellNumber.address(), Long.BYTES);
      // What was sent before the order came is still subject to the state before.
      for (int i = 0; i < MAX_BUFFERS && receiveOne(); i++) {
        deliver();
      }
      next.action().run();
      while (state != State.OPEN && !travelling.isEmpty()) {
        free[freeCount++] = travelling.remove();
        add(dropped, 1);
      }
      order.compareAndSet(next, null);
      next.done().countDown();
    }
  }
}
