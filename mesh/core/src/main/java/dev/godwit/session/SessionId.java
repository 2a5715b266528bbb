package dev.godwit.session;

import com.google.protobuf.ByteString;
import java.security.SecureRandom;
import java.util.HexFormat;

/** The name of a session, the same on every stream that belongs to it: 16 random bytes. */
public record SessionId(ByteString bytes) {
  /** How many bytes. */
  public static final int BYTES = 16;

  /** Rejects every other length. */
  public SessionId {
    if (bytes.size() != BYTES) {
      throw new IllegalArgumentException("a session id has 16 bytes, not " + bytes.size());
    }
  }

  /** A new one. */
  public static SessionId random(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return new SessionId(ByteString.copyFrom(bytes));
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes.substring(0, 4).toByteArray());
  }
}
