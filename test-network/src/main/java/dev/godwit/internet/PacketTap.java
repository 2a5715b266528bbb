package dev.godwit.internet;

import java.lang.foreign.MemorySegment;

/** Sees the packets that come to one direction of a link, on that link's thread. */
interface PacketTap {
  /**
   * A packet has come to the link; it may still be lost.
   *
   * @param memory holds the packet; only valid during the call
   * @param offset where its IP header starts
   * @param length up to the end of its data, in bytes
   */
  void packet(MemorySegment memory, long offset, int length);
}
