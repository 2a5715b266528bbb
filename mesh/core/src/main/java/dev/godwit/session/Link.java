package dev.godwit.session;

import com.google.protobuf.MessageLite;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.wire.Checksum;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.Limits;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The streams of a session on one connection. Dies with it; the session then makes another. */
final class Link {
  private final Connection connection;
  private final long number;
  private final Map<Lane, ByteStream> streams = new EnumMap<>(Lane.class);
  private final Map<Lane, FrameWriter> writers = new EnumMap<>(Lane.class);

  /**
   * Opens a stream for each lane and says what it is for.
   *
   * @param number grows with each link of the session
   */
  Link(Connection connection, StreamOpen open, long number) throws IOException {
    this.connection = connection;
    this.number = number;
    try {
      for (Lane lane : Lane.values()) {
        ByteStream stream = connection.open(lane.urgency());
        streams.put(lane, stream);
        FrameWriter writer = new FrameWriter(stream);
        writers.put(lane, writer);
        writer.write(
            new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
            open.toBuilder().setLane(lane.wire()).setLink(number).build(),
            null);
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  Connection connection() {
    return connection;
  }

  long number() {
    return number;
  }

  FrameReader reader(Lane lane) {
    return new FrameReader(stream(lane), Limits.STANDARD);
  }

  private ByteStream stream(Lane lane) {
    return Objects.requireNonNull(streams.get(lane));
  }

  void send(Request request) throws IOException {
    FrameHeader header = new FrameHeader().set(FrameType.REQUEST, request.operation(), request.id);
    @Nullable MessageLite control = request.control();
    @Nullable ByteBuffer content = request.content();
    if (content != null) {
      content = content.duplicate();
      header.content(
          Encoding.RAW, content.remaining(), content.remaining(), new Checksum().of(content));
    }
    Objects.requireNonNull(writers.get(request.lane())).write(header, control, content);
  }

  /** Closes the session's streams, not the connection. */
  void close() {
    for (ByteStream stream : streams.values()) {
      stream.close();
    }
  }
}
