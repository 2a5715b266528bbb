package dev.godwit.webrtc;

import dev.godwit.stream.PooledBuffer;
import dev.godwit.webrtc.bridge.BridgeFrame;
import dev.godwit.webrtc.bridge.BridgeType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way to the WebRTC process. Adding never blocks; whoever adds bounds what it adds.
 * One thread writes them. Thread-safe.
 */
final class FrameQueue {
  private static final int BATCH = 32;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final ArrayDeque<Entry> entries = new ArrayDeque<>();
  private boolean closed;

  /**
   * A frame.
   *
   * @param body what remains in it is sent
   * @param owner what {@code body} is a part of, to be closed when it was written
   */
  private record Entry(
      BridgeType type, int connection, int channel, ByteBuffer body, @Nullable PooledBuffer owner) {
    void done() {
      if (owner != null) {
        owner.close();
      }
    }
  }

  /** Adds a frame, or forgets it when this is closed. */
  void add(
      BridgeType type, int connection, int channel, ByteBuffer body, @Nullable PooledBuffer owner) {
    Entry entry = new Entry(type, connection, channel, body, owner);
    lock.lock();
    try {
      if (!closed) {
        entries.add(entry);
        if (entries.size() == 1) {
          added.signal();
        }
        return;
      }
    } finally {
      lock.unlock();
    }
    entry.done();
  }

  /** Ends {@link #run} when everything was written, and forgets what is added later. */
  void close() {
    lock.lock();
    try {
      closed = true;
      added.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Writes frames until this is closed. */
  void run(GatheringByteChannel to) throws IOException {
    ByteBuffer headers = ByteBuffer.allocateDirect(BATCH * BridgeFrame.HEADER);
    List<Entry> batch = new ArrayList<>(BATCH);
    try {
      while (take(batch)) {
        write(to, headers.clear(), batch);
        batch.forEach(Entry::done);
        batch.clear();
      }
    } finally {
      close();
      batch.forEach(Entry::done);
      forget();
    }
  }

  private boolean take(List<Entry> batch) {
    lock.lock();
    try {
      while (entries.isEmpty()) {
        if (closed) {
          return false;
        }
        added.awaitUninterruptibly();
      }
      while (batch.size() < BATCH && !entries.isEmpty()) {
        batch.add(entries.remove());
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private static void write(GatheringByteChannel to, ByteBuffer headers, List<Entry> batch)
      throws IOException {
    ByteBuffer[] parts = new ByteBuffer[2 * batch.size()];
    long left = 0;
    for (int i = 0; i < batch.size(); i++) {
      Entry entry = batch.get(i);
      int start = headers.position();
      new BridgeFrame(entry.type(), entry.connection(), entry.channel(), entry.body().remaining())
          .put(headers);
      parts[2 * i] = headers.slice(start, BridgeFrame.HEADER);
      parts[2 * i + 1] = entry.body();
      left += BridgeFrame.HEADER + entry.body().remaining();
    }
    while (left > 0) {
      left -= to.write(parts);
    }
  }

  private void forget() {
    lock.lock();
    try {
      entries.forEach(Entry::done);
      entries.clear();
    } finally {
      lock.unlock();
    }
  }
}
