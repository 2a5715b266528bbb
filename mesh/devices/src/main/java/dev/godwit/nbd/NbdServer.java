package dev.godwit.nbd;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.StreamHandler;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Serves resources to NBD clients, one connection per stream: fixed newstyle handshake, simple and
 * structured replies, {@code base:allocation}, as in {@code doc/proto.md} of the NBD project.
 *
 * <p>Whatever a client sends is either answered as the specification says or ends that client's
 * connection, never another one's. A flush on any connection covers the completed writes of all.
 *
 * <p>Streams have to support {@link ByteStream#timeout}. Thread-safe.
 */
public final class NbdServer implements StreamHandler {
  private final ExportTable exports;
  private final NbdLimits limits;
  private final InstantSource clock;
  private final BufferShelf shelf = new BufferShelf();

  /** A server with {@link NbdLimits#DEFAULT} and the system's clock. */
  public NbdServer(ExportTable exports) {
    this(exports, NbdLimits.DEFAULT, InstantSource.system());
  }

  /**
   * @param exports what is offered, asked at every connection
   * @param limits bounds of each connection
   * @param clock measures the handshake
   */
  public NbdServer(ExportTable exports, NbdLimits limits, InstantSource clock) {
    this.exports = exports;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Serves one client until it leaves. Returns only when no request of it is under way any more.
   *
   * @throws IOException when the connection failed or the client broke the protocol
   */
  @Override
  public void handle(ByteStream stream) throws IOException {
    Optional<Negotiated> negotiated = new Negotiation(stream, exports, limits, clock).run();
    if (negotiated.isPresent()) {
      stream.timeout(Duration.ZERO);
      new Transmission(stream, negotiated.get(), shelf, limits).run();
    }
    stream.finish();
  }
}
