package dev.godwit.migration;

import com.google.protobuf.ByteString;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * 16 random bytes that name a migration, or one attempt to finalize it.
 *
 * @param bytes exactly 16
 */
public record MigrationId(ByteString bytes) {
  private static final int BYTES = 16;

  /** Rejects every other length. */
  public MigrationId {
    if (bytes.size() != BYTES) {
      throw new IllegalArgumentException("a migration id has 16 bytes, not " + bytes.size());
    }
  }

  /** A new one. */
  public static MigrationId random(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return new MigrationId(ByteString.copyFrom(bytes));
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes.substring(0, 4).toByteArray());
  }
}
