package dev.godwit.mount;

import com.google.protobuf.ByteString;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * 16 random bytes that name a mount, for as long as it may have bytes that are not saved.
 *
 * @param bytes exactly 16
 */
public record MountId(ByteString bytes) {
  private static final int BYTES = 16;

  /** Rejects every other length. */
  public MountId {
    if (bytes.size() != BYTES) {
      throw new IllegalArgumentException("a mount id has 16 bytes, not " + bytes.size());
    }
  }

  /** A new one. */
  public static MountId random(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return new MountId(ByteString.copyFrom(bytes));
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes.substring(0, 4).toByteArray());
  }
}
