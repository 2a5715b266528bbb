package dev.godwit.nbd.kernel;

import dev.godwit.nbd.ServerOffer;
import java.io.IOException;
import java.time.Duration;

/**
 * What the kernel is told about a device.
 *
 * @param size bytes, a multiple of {@code blockSize}
 * @param blockSize bytes of a sector as programs see it
 * @param serverFlags transmission flags of the server
 * @param request how long the server may take for an answer
 * @param reconnect how long accesses wait for a new connection when all are lost
 * @param identifier whose device it is, shown in {@code /sys/block/nbdN/backend}
 */
record DeviceShape(
    long size,
    int blockSize,
    int serverFlags,
    Duration request,
    Duration reconnect,
    String identifier) {
  private static final int SECTOR = 512;

  /** The kernel's blocks are not larger than the smallest of its pages. */
  private static final int MOST = 4096;

  /**
   * The shape of a server's export: sectors of 512 bytes, or of what the server wants at least. A
   * tail that is no whole sector is not part of the device.
   *
   * @throws IOException when the kernel has no such blocks
   */
  static DeviceShape of(ServerOffer offer, KernelNbdSettings settings, String identifier)
      throws IOException {
    int blockSize = Math.max(SECTOR, offer.minimumBlock());
    if (blockSize > MOST) {
      throw new IOException(
          "the server wants blocks of "
              + offer.minimumBlock()
              + " bytes, the kernel has none above "
              + MOST);
    }
    long size = offer.size() - offer.size() % blockSize;
    if (size == 0) {
      throw new IOException("the export has " + offer.size() + " bytes, too few for a disk");
    }
    return new DeviceShape(
        size, blockSize, offer.flags(), settings.request(), settings.reconnect(), identifier);
  }

  /** What {@code /sys/block/nbdN/size} shows: 512-byte units, whatever the block size is. */
  long sectors() {
    return size / SECTOR;
  }
}
