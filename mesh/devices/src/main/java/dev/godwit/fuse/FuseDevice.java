package dev.godwit.fuse;

import java.io.Closeable;
import java.io.IOException;

/**
 * One way to the kernel's queue of requests. One thread reads; replies may come from any thread,
 * and go to the device that the request was read from.
 */
interface FuseDevice extends Closeable {
  /**
   * Waits for the next request.
   *
   * @return its bytes, or -1 when there will be no more
   * @throws IOException when the kernel's queue cannot be read
   */
  int read(FuseBuffer into) throws IOException;

  /**
   * Sends the first {@code length} bytes of a reply. A reply that nobody waits for any more is
   * dropped.
   *
   * @throws IOException when the kernel did not take it
   */
  void write(FuseBuffer from, int length) throws IOException;

  /** Lets go of the queue. Never waits, not even for a {@link #read} under way. */
  @Override
  void close();
}
