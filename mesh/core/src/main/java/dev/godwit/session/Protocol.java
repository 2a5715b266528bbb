package dev.godwit.session;

import dev.godwit.stream.ByteStream;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;

/** What is spoken on a stream that a greeted peer opened, chosen by the stream's first frame. */
@FunctionalInterface
public interface Protocol {

  /**
   * Serves the stream to its end.
   *
   * @param peer who opened it
   * @param open its first frame
   * @param stream the stream, behind that frame
   * @param reader reads on from there
   * @throws RemoteException to refuse the stream; it is sent to the peer
   * @throws IOException when the stream failed
   */
  void serve(Peer peer, StreamOpen open, ByteStream stream, FrameReader reader) throws IOException;
}
