package dev.godwit.webrtc.child;

import dev.godwit.webrtc.bridge.BridgeOutput;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Tells the node how much has left each channel. The library does not say when that changes, so it
 * is asked every two milliseconds while anything waits.
 */
final class SentReports {
  private static final long INTERVAL_NANOS = 2_000_000;

  private final BridgeOutput output;
  private final Set<ChildChannel> busy = ConcurrentHashMap.newKeySet();
  private final Thread thread;

  SentReports(BridgeOutput output) {
    this.output = output;
    this.thread = Thread.ofPlatform().name("sent").daemon().start(this::run);
  }

  /** Something waits in this channel. */
  void watch(ChildChannel channel) {
    if (busy.add(channel)) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    try {
      while (true) {
        if (busy.isEmpty()) {
          LockSupport.park(this);
        } else {
          LockSupport.parkNanos(this, INTERVAL_NANOS);
        }
        for (ChildChannel channel : List.copyOf(busy)) {
          // Out first, so that what is sent meanwhile puts it in again.
          busy.remove(channel);
          if (channel.report(output)) {
            busy.add(channel);
          }
        }
      }
    } catch (IOException e) {
      // The node is gone; the thread that reads from it ends the process.
      System.err.println("the node cannot be told: " + e);
    }
  }
}
