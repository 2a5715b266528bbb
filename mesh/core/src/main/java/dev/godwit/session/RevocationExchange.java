package dev.godwit.session;

import dev.godwit.membership.Revocations;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.wire.Checksum;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.Limits;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.Hello;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How members get a newer list of revocations from each other: greetings tell its version, and
 * whoever has an older one asks for it, on a stream of its own, because a list is larger than a
 * greeting may be. Thread-safe.
 */
final class RevocationExchange implements Protocol {
  private static final Logger LOG = LoggerFactory.getLogger(RevocationExchange.class);

  /** What a stream is opened for. */
  static final String PROTOCOL = "godwit/revocations/1";

  private final Admission admission;
  private final Duration limit;

  /**
   * An exchange with any number of peers.
   *
   * @param limit how long a list may take
   */
  RevocationExchange(Admission admission, Duration limit) {
    this.admission = admission;
    this.limit = limit;
  }

  @Override
  public void serve(Peer peer, StreamOpen open, ByteStream stream, FrameReader reader)
      throws IOException {
    stream.timeout(limit);
    ByteBuffer list = admission.revocations();
    int length = list.remaining();
    new FrameWriter(stream)
        .write(
            new FrameHeader()
                .set(FrameType.REPLY, (byte) 0, 0)
                .content(Encoding.RAW, length, length, new Checksum().of(list)),
            null,
            list);
    stream.finish();
    Greeting.drain(stream);
  }

  /** Whether a list was taken over. */
  enum Outcome {
    /** It was. */
    LEARNED,
    /** Nothing newer is there, or did not come. */
    AS_BEFORE
  }

  /** Gets the peer's list if its greeting says that it has a newer one. */
  Outcome catchUp(Connection connection, Hello theirs) {
    if (theirs.getRevocationsVersion() <= admission.hello().getRevocationsVersion()) {
      return Outcome.AS_BEFORE;
    }
    try {
      admission.learn(fetch(connection));
      return Outcome.LEARNED;
    } catch (IOException e) {
      LOG.info(
          "{} says that it has newer revocations, and does not give them: {}",
          connection.peer().shortForm(),
          e.getMessage());
      return Outcome.AS_BEFORE;
    }
  }

  private byte[] fetch(Connection connection) throws IOException {
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      stream.timeout(limit);
      new FrameWriter(stream)
          .write(
              new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
              StreamOpen.newBuilder().setProtocol(PROTOCOL).build(),
              null);
      FrameReader reader = new FrameReader(stream, Limits.STANDARD);
      reader.expect(FrameType.REPLY);
      if (reader.header().type() == FrameType.FAILURE) {
        throw new RemoteException(reader.control(Failure.parser()));
      }
      if (reader.header().encoding() != Encoding.RAW
          || reader.header().wireLength() > Revocations.MAX_BYTES) {
        throw new ProtocolException("a list of revocations of " + reader.header());
      }
      ByteBuffer content = ByteBuffer.allocate(reader.header().wireLength());
      reader.content(content);
      if (!reader.verifies(content)) {
        throw new ProtocolException("a list of revocations that is damaged");
      }
      stream.finish();
      return content.array();
    }
  }
}
