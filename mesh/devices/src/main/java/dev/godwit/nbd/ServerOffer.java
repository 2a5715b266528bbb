package dev.godwit.nbd;

import dev.godwit.stream.ByteStream;
import java.io.IOException;

/**
 * What an NBD server offers to a client that does the handshake here and then leaves the connection
 * to somebody else, as the kernel's client wants it.
 *
 * @param size of the export, bytes, not negative
 * @param flags transmission flags as the server sent them, 16 bits
 * @param minimumBlock what offsets and lengths have to be multiples of, bytes, a power of two
 */
public record ServerOffer(long size, int flags, int minimumBlock) {

  /**
   * Chooses an export. Only simple replies are asked for, the only ones that the kernel
   * understands; the next byte on the stream is the first request's.
   *
   * @throws NbdException when the server refuses the export
   * @throws java.net.ProtocolException when the server does not speak the protocol
   * @throws IOException when the connection failed
   */
  public static ServerOffer over(ByteStream stream, String export) throws IOException {
    ClientHandshake.Offer offer =
        new ClientHandshake(stream, export, Negotiated.Replies.SIMPLE).run();
    return new ServerOffer(offer.size(), offer.flags(), offer.minimum());
  }

  /** Whether clients may write. */
  public Export.Access access() {
    return (flags & Protocol.READ_ONLY) == 0 ? Export.Access.READ_WRITE : Export.Access.READ_ONLY;
  }

  /** Whether a client may use several connections as one. */
  public boolean manyConnections() {
    return (flags & Protocol.CAN_MULTI_CONN) != 0;
  }
}
