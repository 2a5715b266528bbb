package dev.godwit.bench;

import com.google.protobuf.ByteString;
import dev.godwit.signaling.proto.Delivery;
import dev.godwit.signaling.proto.RouteReport;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Messages between random nodes of a crowd, and what becomes of them. What a box holds is nothing
 * to the hub, which could not open it; here it is noise behind the message's number. One thread
 * sends; the crowd's event loops listen.
 */
final class HubTraffic implements LightNode.Listener {
  /** About what a sealed request to connect has, with some candidates and a certificate. */
  static final int BOX_BYTES = 1024;

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final Random random;
  private final AtomicLongArray sentAt;
  private final AtomicLongArray latencies;
  private final int[] receivers;
  private final AtomicInteger arrived = new AtomicInteger();
  private final AtomicInteger wrong = new AtomicInteger();
  private final AtomicInteger undelivered = new AtomicInteger();
  private final Semaphore room;
  private final int inFlight;
  private final byte[] noise = new byte[BOX_BYTES];
  private volatile List<LightNode> nodes = List.of();
  private int sent;

  /**
   * No messages yet.
   *
   * @param capacity the most messages that are counted
   * @param inFlight the most messages under way
   * @param seed decides who writes to whom
   */
  HubTraffic(int capacity, int inFlight, long seed) {
    this.random = new Random(seed);
    this.sentAt = new AtomicLongArray(capacity);
    this.latencies = new AtomicLongArray(capacity);
    this.receivers = new int[capacity];
    this.inFlight = inFlight;
    this.room = new Semaphore(inFlight);
    random.nextBytes(noise);
  }

  /** Between these. */
  void between(List<LightNode> crowd) {
    nodes = List.copyOf(crowd);
  }

  /**
   * Sends for some time.
   *
   * @param perSecond how many, evenly spread; 0 for as many as there is room for
   * @return how many were sent
   */
  int send(Duration time, int perSecond) throws InterruptedException {
    long start = System.nanoTime();
    int before = sent;
    while (System.nanoTime() - start < time.toNanos() && sent < receivers.length) {
      if (perSecond > 0) {
        long due = start + (sent - before) * 1_000_000_000L / perSecond;
        LockSupport.parkNanos(due - System.nanoTime());
      }
      if (!room.tryAcquire(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException("nothing arrives any more: " + this);
      }
      int number = sent++;
      int receiver = random.nextInt(nodes.size());
      receivers[number] = receiver;
      byte[] box = noise.clone();
      ByteBuffer.wrap(box).putInt(number);
      sentAt.set(number, System.nanoTime());
      nodes
          .get(random.nextInt(nodes.size()))
          .send(nodes.get(receiver).id(), number + 1L, ByteString.copyFrom(box));
    }
    return sent - before;
  }

  /** Waits until everything has arrived; false when it does not. */
  boolean settle() throws InterruptedException {
    boolean all = room.tryAcquire(inFlight, LIMIT.toSeconds(), TimeUnit.SECONDS);
    if (all) {
      room.release(inFlight);
    }
    return all;
  }

  @Override
  public void delivered(LightNode to, Delivery delivery) {
    long now = System.nanoTime();
    byte[] box = delivery.getBox().toByteArray();
    int number = box.length == BOX_BYTES ? ByteBuffer.wrap(box).getInt() : -1;
    boolean fits =
        number >= 0
            && number < receivers.length
            && nodes.get(receivers[number]) == to
            && Arrays.equals(box, 4, BOX_BYTES, noise, 4, BOX_BYTES)
            && latencies.compareAndSet(number, 0, Math.max(1, now - sentAt.get(number)));
    (fits ? arrived : wrong).incrementAndGet();
    room.release();
  }

  @Override
  public void reported(LightNode from, RouteReport report) {
    if (report.getDelivered() != 1) {
      undelivered.incrementAndGet();
    }
  }

  /** How many have arrived where they should, once, as they were sent. */
  int arrived() {
    return arrived.get();
  }

  /** How many have arrived otherwise. */
  int wrong() {
    return wrong.get();
  }

  /** How many the hub could not deliver, by its own word. */
  int undelivered() {
    return undelivered.get();
  }

  /**
   * The time from sending to arrival that a part of the last {@code count} messages kept below.
   *
   * @param part from 0 to 1
   */
  double millis(int count, double part) {
    long[] sorted =
        IntStream.range(sent - count, sent).mapToLong(latencies::get).sorted().toArray();
    return sorted[(int) Math.min(sorted.length - 1, sorted.length * part)] / 1e6;
  }

  @Override
  public String toString() {
    return sent
        + " sent, "
        + arrived
        + " arrived, "
        + wrong
        + " wrong, "
        + undelivered
        + " not delivered";
  }
}
