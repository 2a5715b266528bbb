package dev.godwit.nbd;

import dev.godwit.stream.ByteStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Puts whole messages of many threads onto one stream. Whoever finds nobody sending sends what is
 * queued, all of it in one write; the others leave their message and go on. So no thread waits for
 * another one's write, and small messages share system calls. Thread-safe.
 */
final class SendQueue {
  /** Messages in one write; the system takes no more than 1024 buffers. */
  private static final int BATCH = 256;

  private final ByteStream stream;
  private final ConcurrentLinkedQueue<Message> queue = new ConcurrentLinkedQueue<>();

  /** Messages not sent yet, counted when they are in the queue; whoever makes it 1 sends. */
  private final AtomicInteger queued = new AtomicInteger();

  /** Only the thread that is sending touches it. */
  private @Nullable IOException failure;

  /** Something to send. */
  interface Message {
    /** The bytes, in one or more buffers. */
    ByteBuffer[] buffers();

    /** Called once: the bytes are on their way, or with the reason why they will never be. */
    void settled(@Nullable IOException failure);
  }

  SendQueue(ByteStream stream) {
    this.stream = stream;
  }

  /** Queues a message, and sends it and others if no thread is doing so. */
  void send(Message message) {
    if (queued.compareAndSet(0, 1)) {
      write(message.buffers());
      message.settled(failure);
      if (queued.decrementAndGet() == 0) {
        return;
      }
    } else {
      queue.add(message);
      if (queued.getAndIncrement() != 0) {
        return;
      }
    }
    List<Message> batch = new ArrayList<>();
    int left = queued.get();
    do {
      // No more than were counted: the count must not reach zero while this thread still sends.
      int buffers = 0;
      for (int i = Math.min(left, BATCH); i > 0; i--) {
        Message next = Objects.requireNonNull(queue.poll());
        batch.add(next);
        buffers += next.buffers().length;
      }
      write(batch, buffers);
      left = queued.addAndGet(-batch.size());
      batch.clear();
    } while (left != 0);
  }

  /** Ends the stream: what is being sent fails soon, and so does everything after it. */
  void abandon() {
    stream.close();
  }

  private void write(List<Message> batch, int count) {
    ByteBuffer[] buffers = new ByteBuffer[count];
    int index = 0;
    for (Message message : batch) {
      for (ByteBuffer buffer : message.buffers()) {
        buffers[index++] = buffer;
      }
    }
    write(buffers);
    for (Message message : batch) {
      message.settled(failure);
    }
  }

  private void write(ByteBuffer[] buffers) {
    if (failure != null) {
      return;
    }
    try {
      stream.write(buffers);
    } catch (IOException e) {
      failure = e;
      // The reader of the stream has to learn of it too.
      stream.close();
    }
  }
}
