package dev.godwit.nbd;

/**
 * Block size constraints of an export, bytes (NBD_INFO_BLOCK_SIZE).
 *
 * @param minimum a power of two from 1 to 65536: offsets and lengths have to be multiples of it
 * @param preferred a power of two, at least {@code minimum}: what is fastest
 * @param maximum the longest READ or WRITE, a multiple of {@code minimum}, at most 32 MiB
 */
public record BlockSizes(int minimum, int preferred, int maximum) {
  /** The longest READ or WRITE that any server has to expect from any client, bytes. */
  public static final int LARGEST = 32 << 20;

  /** Any offset, any length up to 32 MiB, best in 4 KiB blocks. */
  public static final BlockSizes DEFAULT = new BlockSizes(1, 4096, LARGEST);

  /** Rejects constraints that the protocol does not allow. */
  public BlockSizes {
    if (minimum < 1
        || minimum > 1 << 16
        || Integer.bitCount(minimum) != 1
        || preferred < minimum
        || preferred < 512
        || Integer.bitCount(preferred) != 1
        || maximum < preferred
        || maximum > LARGEST
        || maximum % minimum != 0) {
      throw new IllegalArgumentException(
          "block sizes " + minimum + ", " + preferred + ", " + maximum);
    }
  }
}
