package dev.godwit.run;

import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A program that goes on wherever its device is: it looks at everything first, then writes and
 * flushes until the device fails.
 */
final class FollowingProgram implements AutoCloseable {
  private static final NbdClient.Settings PATIENCE =
      new NbdClient.Settings(Duration.ofSeconds(2), Duration.ofSeconds(5));
  private static final int BETWEEN_FLUSHES = 16;
  private static final long PAUSE_NANOS = 2_000_000;

  private final List<Path> sockets;
  private final NumberedBlocks blocks;
  private final Random random;
  private final Thread thread = Thread.ofPlatform().daemon().name("program").unstarted(this::run);
  private final List<String> complaints = new ArrayList<>();
  private volatile boolean over;
  private volatile Path last;
  private final AtomicLong flushesThere = new AtomicLong();

  /**
   * @param sockets where its device may be, the most likely first
   */
  FollowingProgram(List<Path> sockets, NumberedBlocks blocks, Random random) {
    this.sockets = sockets;
    this.last = sockets.getFirst();
    this.blocks = blocks;
    this.random = random;
  }

  void start() {
    thread.start();
  }

  /** Whether it has flushed at that device, the last one that it has found. */
  boolean works(Path socket) {
    return last.equals(socket) && flushesThere.get() > 0;
  }

  private void run() {
    while (!over) {
      for (Path socket : sockets) {
        if (!over && Files.exists(socket)) {
          workAt(socket);
        }
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void workAt(Path socket) {
    try (NbdClient device = NbdClient.connect(NbdAddress.parse("nbd:unix:" + socket), PATIENCE)) {
      List<String> wrong = blocks.check(device);
      if (!wrong.isEmpty()) {
        synchronized (complaints) {
          wrong.forEach(each -> complaints.add(socket.getFileName() + ": " + each));
        }
        over = true;
        return;
      }
      flushesThere.set(0);
      last = socket;
      while (!over) {
        for (int i = 0; i < BETWEEN_FLUSHES; i++) {
          blocks.write(device, random.nextInt(blocks.count()));
        }
        blocks.flush(device);
        flushesThere.incrementAndGet();
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } catch (IOException e) {
      // That is what happens here all the time; it looks for its device again.
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /**
   * Ends it.
   *
   * @return what it has found wrong
   */
  List<String> end() throws InterruptedException {
    over = true;
    thread.join();
    synchronized (complaints) {
      return List.copyOf(complaints);
    }
  }

  @Override
  public void close() {
    over = true;
  }
}
