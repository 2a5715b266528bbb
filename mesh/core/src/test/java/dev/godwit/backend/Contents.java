package dev.godwit.backend;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What a small backend holds. */
public final class Contents {
  private Contents() {}

  /** All of its bytes. */
  public static byte[] of(Backend backend) throws IOException {
    byte[] bytes = new byte[(int) backend.size()];
    backend.read(ByteBuffer.wrap(bytes), 0);
    return bytes;
  }
}
