package dev.godwit.webrtc.bridge;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Bodies that are a list of texts: each is its length in bytes, as an integer, and UTF-8. */
public final class Fields {
  private Fields() {}

  /** Writes a list. */
  public static ByteBuffer encode(String... texts) {
    List<byte[]> parts =
        Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
    ByteBuffer body =
        ByteBuffer.allocate(parts.stream().mapToInt(part -> Integer.BYTES + part.length).sum());
    for (byte[] part : parts) {
      body.putInt(part.length).put(part);
    }
    return body.flip();
  }

  /**
   * Reads a list of at least {@code atLeast} texts.
   *
   * @throws BridgeException when it is none
   */
  public static List<String> decode(ByteBuffer body, int atLeast) throws BridgeException {
    List<String> texts = new ArrayList<>();
    while (body.hasRemaining()) {
      if (body.remaining() < Integer.BYTES) {
        throw new BridgeException("a list that ends within a length");
      }
      int length = body.getInt();
      if (length < 0 || length > body.remaining()) {
        throw new BridgeException("a text of " + length + " bytes in " + body.remaining());
      }
      byte[] text = new byte[length];
      body.get(text);
      texts.add(new String(text, StandardCharsets.UTF_8));
    }
    if (texts.size() < atLeast) {
      throw new BridgeException(texts.size() + " texts instead of " + atLeast);
    }
    return texts;
  }
}
