package dev.godwit.nbd.kernel;

import java.io.IOException;
import java.util.Optional;

/**
 * A device that the kernel has made of sockets. Every call here may wait as long as the kernel
 * wants to, unless it says otherwise. Thread-safe.
 */
sealed interface Attachment permits NetlinkAttachment, IoctlAttachment {

  /** The device is {@code /dev/nbdN} of this N. Does not wait. */
  int index();

  /**
   * Whether the kernel says that the device has a configuration. Does not wait for the server.
   *
   * @throws IOException when that cannot be told
   */
  boolean isConfigured() throws IOException;

  /** Why the device has ended by itself, if it has. Does not wait. */
  Optional<IOException> failure();

  /**
   * Tells the server that we leave, and ends the device.
   *
   * @throws IOException when the kernel refuses
   */
  void disconnect() throws IOException;

  /**
   * Takes the sockets away from the device; what waits for the server fails.
   *
   * @throws IOException when the kernel refuses
   */
  void clear() throws IOException;

  /**
   * Whether there is nothing left of it. While a program has the device open there is. Does not
   * wait.
   *
   * @throws IOException when that cannot be told
   */
  boolean isOver() throws IOException;
}
