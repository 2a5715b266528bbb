package dev.godwit.stun;

import dev.godwit.identity.Octets;
import dev.godwit.stun.StunAttribute.ChangeRequest;
import dev.godwit.stun.StunAttribute.MappedAddress;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A binding request of the first STUN (RFC 3489), which has no magic cookie; RFC 5389, section
 * 12.2, wants it answered. RESPONSE-ADDRESS, which would send the answer to somebody else, is not
 * served.
 *
 * @param id the 16 bytes that the answer repeats
 * @param change from where the answer shall come
 */
record ClassicBinding(Octets id, ChangeRequest change) {
  private static final int ID_BYTES = 16;
  private static final int REQUEST_TYPE = 0x0001;
  private static final int RESPONSE_TYPE = 0x0101;
  private static final int MAPPED_BYTES = 8;
  private static final int MAX_BYTES = 548;
  private static final byte FAMILY_4 = 1;

  /** Reads a whole datagram, whose position does not move. Empty when it is anything else. */
  static Optional<ClassicBinding> read(ByteBuffer datagram) {
    if (datagram.remaining() < StunMessage.HEADER_BYTES || datagram.remaining() > MAX_BYTES) {
      return Optional.empty();
    }
    ByteBuffer in = datagram.duplicate();
    int type = Short.toUnsignedInt(in.getShort());
    int length = Short.toUnsignedInt(in.getShort());
    byte[] id = new byte[ID_BYTES];
    in.get(id);
    if (type != REQUEST_TYPE || length != in.remaining()) {
      return Optional.empty();
    }
    ChangeRequest change = ChangeRequest.NOTHING;
    while (in.hasRemaining()) {
      if (in.remaining() < Integer.BYTES) {
        return Optional.empty();
      }
      int attribute = Short.toUnsignedInt(in.getShort());
      int size = Short.toUnsignedInt(in.getShort());
      if (size > in.remaining() || attribute != ChangeRequest.TYPE || size != Integer.BYTES) {
        return Optional.empty();
      }
      change = ChangeRequest.of(in.getInt());
    }
    return Optional.of(new ClassicBinding(Octets.of(id), change));
  }

  /** The answer to this request, which came from {@code from}; IPv4 only, as the RFC is. */
  Optional<byte[]> answer(InetSocketAddress from) {
    if (!(from.getAddress() instanceof Inet4Address address)) {
      return Optional.empty();
    }
    return Optional.of(
        ByteBuffer.allocate(StunMessage.HEADER_BYTES + Integer.BYTES + MAPPED_BYTES)
            .putShort((short) RESPONSE_TYPE)
            .putShort((short) (Integer.BYTES + MAPPED_BYTES))
            .put(id.toByteArray())
            .putShort((short) MappedAddress.TYPE)
            .putShort((short) MAPPED_BYTES)
            .put((byte) 0)
            .put(FAMILY_4)
            .putShort((short) from.getPort())
            .put(address.getAddress())
            .array());
  }
}
