package dev.godwit.wire;

/**
 * The largest lengths that are accepted from a peer, checked before anything is allocated.
 *
 * @param control bytes of a frame's protobuf part
 * @param content bytes of a frame's content, encoded or decoded
 */
public record Limits(int control, int content) {
  /** What the protocol allows, {@code docs/protocol.md} "Limits". */
  public static final Limits STANDARD = new Limits(64 * 1024, 1 << 20);
}
