package dev.godwit.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.godwit.session.SessionId;
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
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.Lane;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Asks a node as a program would that follows the protocol's document and nothing else. */
final class RawCaller {
  private final Connection connection;
  private final SessionId session = SessionId.random(new SecureRandom());

  RawCaller(Connection connection) {
    this.connection = connection;
  }

  /** What came of a request. */
  sealed interface Outcome {
    /** It was answered. */
    record Answered(ByteString control) implements Outcome {}

    /** It was refused; by the end of the stream when the code is none. */
    record Refused(Failure.Code code) implements Outcome {}
  }

  /** Asks on a stream of its own. */
  Outcome ask(
      String protocol,
      String resource,
      byte operation,
      @Nullable MessageLite control,
      @Nullable ByteBuffer content)
      throws IOException {
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      stream.timeout(Duration.ofSeconds(20));
      FrameWriter writer = new FrameWriter(stream);
      writer.write(
          new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
          StreamOpen.newBuilder()
              .setProtocol(protocol)
              .setSession(session.bytes())
              .setLane(Lane.LANE_DEMAND)
              .setResource(resource)
              .setLink(1)
              .build(),
          null);
      FrameHeader request = new FrameHeader().set(FrameType.REQUEST, operation, 1);
      if (content != null) {
        request.content(
            Encoding.RAW, content.remaining(), content.remaining(), new Checksum().of(content));
      }
      writer.write(request, control, content);
      return outcome(new FrameReader(stream, Limits.STANDARD));
    }
  }

  private static Outcome outcome(FrameReader reader) throws IOException {
    if (!reader.next()) {
      return new Outcome.Refused(Failure.Code.CODE_UNSPECIFIED);
    }
    if (reader.header().type() == FrameType.FAILURE) {
      return new Outcome.Refused(reader.control(Failure.parser()).getCode());
    }
    return new Outcome.Answered(ByteString.copyFrom(reader.control().duplicate()));
  }
}
