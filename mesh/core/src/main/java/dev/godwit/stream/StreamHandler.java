package dev.godwit.stream;

import java.io.IOException;

/**
 * A protocol role: it is given a stream and serves it until the stream ends. It never knows the
 * transport. Called on a thread of its own, which may block; the caller closes the stream when this
 * returns or throws.
 */
@FunctionalInterface
public interface StreamHandler {

  /**
   * Serves one stream to its end.
   *
   * @throws IOException when the stream failed or the peer broke the protocol; ends this stream
   *     only
   */
  void handle(ByteStream stream) throws IOException;
}
