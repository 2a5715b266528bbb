package dev.godwit.session;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.godwit.wire.ProtocolException;
import java.nio.ByteBuffer;

/**
 * The answer to a blocking call, in buffers of its own.
 *
 * @param control the protobuf part
 * @param content the decoded content
 */
public record Reply(ByteString control, ByteBuffer content) {

  /**
   * Parses the protobuf part.
   *
   * @throws ProtocolException when it is not such a message
   */
  public <M extends MessageLite> M control(Parser<M> parser) throws ProtocolException {
    try {
      return parser.parseFrom(control);
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolException("malformed control message", e);
    }
  }
}
