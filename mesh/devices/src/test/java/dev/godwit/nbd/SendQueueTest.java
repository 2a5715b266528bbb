package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.stream.ByteStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SendQueueTest {
  /** Counts what is written and notices two who write at once. */
  private static final class Sink implements ByteStream {
    private final AtomicInteger writers = new AtomicInteger();
    private final AtomicInteger bytes = new AtomicInteger();
    private final AtomicBoolean crowded = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();

    @Override
    public int read(ByteBuffer dst) {
      return -1;
    }

    @Override
    public void write(ByteBuffer... srcs) throws IOException {
      if (writers.incrementAndGet() != 1) {
        crowded.set(true);
      }
      for (ByteBuffer src : srcs) {
        bytes.addAndGet(src.remaining());
        src.position(src.limit());
      }
      writers.decrementAndGet();
      if (closed.get()) {
        throw new IOException("gone");
      }
    }

    @Override
    public void finish() {}

    @Override
    public void reset(int code) {}

    @Override
    public void timeout(Duration timeout) {}

    @Override
    public void close() {
      closed.set(true);
    }
  }

  private static final class OneByte implements SendQueue.Message {
    private final ByteBuffer[] one = {ByteBuffer.allocate(1)};
    private final AtomicInteger settled = new AtomicInteger();
    private volatile @Nullable IOException failure;

    @Override
    public ByteBuffer[] buffers() {
      return one;
    }

    @Override
    public void settled(@Nullable IOException why) {
      failure = why;
      settled.incrementAndGet();
    }
  }

  private final Sink sink = new Sink();
  private final SendQueue queue = new SendQueue(sink);

  @Test
  void oneThreadSendsAtATimeAndEveryMessageIsSentOnce() throws InterruptedException {
    int each = 50_000;
    List<OneByte> messages = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      List<OneByte> mine = new ArrayList<>();
      for (int j = 0; j < each; j++) {
        mine.add(new OneByte());
      }
      messages.addAll(mine);
      threads.add(Thread.ofPlatform().start(() -> mine.forEach(queue::send)));
    }
    for (Thread thread : threads) {
      assertTrue(thread.join(Duration.ofMinutes(1)));
    }
    assertFalse(sink.crowded.get());
    assertEquals(messages.size(), sink.bytes.get());
    for (OneByte message : messages) {
      assertEquals(1, message.settled.get());
      assertNull(message.failure);
    }
  }

  @Test
  void afterAFailureNothingIsSentAndEverybodyHearsOfIt() {
    sink.close();
    var first = new OneByte();
    var second = new OneByte();
    queue.send(first);
    queue.send(second);
    assertNotNull(first.failure);
    assertNotNull(second.failure);
    assertEquals(1, sink.bytes.get());
  }

  @Test
  void anAbandonedStreamIsClosed() {
    queue.abandon();
    assertTrue(sink.closed.get());
  }
}
