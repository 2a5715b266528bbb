package dev.godwit.webrtc.child;

import dev.godwit.webrtc.bridge.BridgeOutput;
import dev.godwit.webrtc.bridge.BridgeType;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what is received. Version 0.14.0 of the library's Java binding never lets go of the two
 * small objects in which it hands over a message, so a process can receive so many only; the node
 * replaces it in time. Thread-safe.
 */
final class MessageCount {
  /** About 120 bytes each; the node gives this process a heap of 384 MiB. */
  private static final long WORN = 2_000_000;

  private final BridgeOutput output;
  private final AtomicLong messages = new AtomicLong();

  MessageCount(BridgeOutput output) {
    this.output = output;
  }

  void add() throws IOException {
    if (messages.incrementAndGet() == WORN) {
      output.write(BridgeType.WORN, 0, 0);
    }
  }
}
