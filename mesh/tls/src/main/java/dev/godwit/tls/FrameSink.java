package dev.godwit.tls;

import dev.godwit.stream.Connection.Urgency;
import dev.godwit.wire.ProtocolException;
import io.netty.buffer.ByteBuf;

/**
 * Gets the frames that a {@link FrameDecoder} finds, in their order. Lengths, codes and the sign of
 * ids are right already; whether a frame is allowed at this point is for the sink to say.
 */
interface FrameSink {
  void open(int stream, Urgency urgency) throws ProtocolException;

  /**
   * Some bytes of a stream; a frame that comes in parts is given in parts.
   *
   * @param part is the decoder's; the sink retains what it keeps
   */
  void data(int stream, ByteBuf part) throws ProtocolException;

  void fin(int stream) throws ProtocolException;

  void reset(int stream, int code) throws ProtocolException;

  /**
   * @param bytes positive
   */
  void window(int stream, int bytes) throws ProtocolException;

  /**
   * @param reason without control characters
   */
  void goodbye(String reason) throws ProtocolException;

  void ping(long token) throws ProtocolException;

  void pong(long token) throws ProtocolException;
}
