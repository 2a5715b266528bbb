package dev.godwit.wire;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C (RFC 3720, section 12.1) of a buffer's remaining bytes. Not thread-safe. */
public final class Checksum {
  private final CRC32C crc = new CRC32C();

  /** The checksum from position to limit; neither moves. */
  public int of(ByteBuffer bytes) {
    int position = bytes.position();
    crc.reset();
    crc.update(bytes);
    bytes.position(position);
    return (int) crc.getValue();
  }
}
