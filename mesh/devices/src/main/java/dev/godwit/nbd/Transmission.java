package dev.godwit.nbd;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.nbd.RequestGate.Verdict;
import dev.godwit.stream.ByteStream;
import java.io.IOException;
import java.net.ProtocolException;

/** The transmission phase of one connection: takes requests until the client leaves. */
final class Transmission {
  /**
   * A payload that is refused is still read, so that the connection stays in step; a longer one
   * than any known client sends ends the connection.
   */
  static final long SKIPPED_PAYLOAD = 64L << 20;

  private final RequestGate gate;
  private final RequestReader reader;
  private final RequestService service;

  Transmission(ByteStream stream, Negotiated negotiated, BufferShelf shelf, NbdLimits limits) {
    var backend = negotiated.export().backend();
    var composer = new ReplyComposer(backend, negotiated.replies());
    this.gate = new RequestGate(negotiated);
    this.service =
        backend.latency() == Latency.MEMORY
            ? new InPlaceService(stream, backend, composer, shelf)
            : new ParallelService(
                stream, backend, composer, shelf, limits.bytesInFlight(), limits.stall());
    this.reader = new RequestReader(stream, service::flush);
  }

  /**
   * Serves until the client disconnects.
   *
   * @throws ProtocolException when the client broke the protocol beyond repair
   * @throws IOException when the connection failed
   */
  void run() throws IOException {
    try (service) {
      while (reader.next() && reader.type() != Protocol.CMD_DISC) {
        Verdict verdict =
            gate.check(reader.type(), reader.flags(), reader.offset(), reader.count());
        if (verdict == Verdict.PASS) {
          service.serve(reader);
        } else {
          refuse(verdict);
        }
      }
    }
  }

  private void refuse(Verdict verdict) throws IOException {
    if (reader.type() == Protocol.CMD_WRITE) {
      if (reader.count() > SKIPPED_PAYLOAD) {
        throw new ProtocolException("a write of " + reader.count() + " bytes");
      }
      reader.skip(reader.count());
    }
    service.refuse(reader, verdict);
  }
}
