package dev.godwit.stun;

import dev.godwit.identity.Octets;
import dev.godwit.stun.StunAttribute.ChangeRequest;
import dev.godwit.stun.StunAttribute.ErrorCode;
import dev.godwit.stun.StunAttribute.MappedAddress;
import dev.godwit.stun.StunAttribute.Other;
import dev.godwit.stun.StunAttribute.OtherAddress;
import dev.godwit.stun.StunAttribute.ResponseOrigin;
import dev.godwit.stun.StunAttribute.Software;
import dev.godwit.stun.StunAttribute.UnknownAttributes;
import dev.godwit.stun.StunAttribute.XorMappedAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * A STUN message in one datagram (RFC 8489). Reading is strict about lengths and bounds: what does
 * not fit is refused as a whole. Message integrity is neither made nor checked; its attributes are
 * read as {@link StunAttribute.Other}.
 *
 * @param kind request, indication, success or error
 * @param method 12 bits; {@link #BINDING} is the only one that is used here
 * @param transaction the same in request and response
 * @param attributes in the order of the message, without the fingerprint
 * @param fingerprint whether the message ends in a (correct) FINGERPRINT
 */
public record StunMessage(
    StunClass kind,
    int method,
    TransactionId transaction,
    List<StunAttribute> attributes,
    Fingerprint fingerprint) {

  /** The method that asks for one's own address. */
  public static final int BINDING = 0x001;

  /** The error that answers attributes that had to be understood and were not. */
  public static final int UNKNOWN_ATTRIBUTE = 420;

  /** The number of bytes before the attributes. */
  public static final int HEADER_BYTES = 20;

  private static final int COOKIE = 0x2112A442;
  private static final int MAX_BYTES = 2048;
  private static final int MAX_ATTRIBUTES = 64;
  private static final int MAX_TEXT_BYTES = 763;
  private static final int MAX_METHOD = 0xFFF;
  private static final int FAMILY_4 = 1;
  private static final int FAMILY_6 = 2;
  private static final int FINGERPRINT_TYPE = 0x8028;
  private static final int FINGERPRINT_BYTES = 8;
  private static final int FINGERPRINT_XOR = 0x5354554E;
  private static final int MESSAGE_INTEGRITY = 0x0008;
  private static final int MESSAGE_INTEGRITY_SHA256 = 0x001C;
  private static final int FIRST_OPTIONAL_TYPE = 0x8000;

  /**
   * Attributes of RFC 8489 that belong to authentication. Who does not ask for authentication may
   * ignore them: USERNAME, MESSAGE-INTEGRITY, REALM, NONCE, MESSAGE-INTEGRITY-SHA256,
   * PASSWORD-ALGORITHM and USERHASH.
   */
  private static final Set<Integer> AUTHENTICATION =
      Set.of(0x0006, MESSAGE_INTEGRITY, 0x0014, 0x0015, MESSAGE_INTEGRITY_SHA256, 0x001D, 0x001E);

  /** Whether a message ends in a FINGERPRINT. */
  public enum Fingerprint {
    /** It does. */
    PRESENT,
    /** It does not. */
    ABSENT
  }

  /** Checks the method and copies the list. */
  public StunMessage {
    if (method < 0 || method > MAX_METHOD) {
      throw new IllegalArgumentException("A STUN method has 12 bits, not " + method);
    }
    attributes = List.copyOf(attributes);
  }

  /** Asks: from which address do you see this come? */
  public static StunMessage bindingRequest(TransactionId transaction) {
    return new StunMessage(StunClass.REQUEST, BINDING, transaction, List.of(), Fingerprint.PRESENT);
  }

  /** Asks the same, and for an answer from elsewhere (RFC 5780, section 4.4). */
  public static StunMessage bindingRequest(TransactionId transaction, ChangeRequest change) {
    return new StunMessage(
        StunClass.REQUEST, BINDING, transaction, List.of(change), Fingerprint.PRESENT);
  }

  /** The answer to this request, which came from {@code from}. */
  public StunMessage success(InetSocketAddress from) {
    return new StunMessage(
        StunClass.SUCCESS, method, transaction, List.of(new XorMappedAddress(from)), fingerprint);
  }

  /** The answer to this request when it cannot be served. */
  public StunMessage error(StunAttribute... attributes) {
    return new StunMessage(StunClass.ERROR, method, transaction, List.of(attributes), fingerprint);
  }

  /**
   * The address that a success response tells: XOR-MAPPED-ADDRESS, or else MAPPED-ADDRESS (RFC
   * 3489).
   */
  public Optional<InetSocketAddress> mappedAddress() {
    @Nullable InetSocketAddress plain = null;
    for (StunAttribute attribute : attributes) {
      if (attribute instanceof XorMappedAddress(InetSocketAddress address)) {
        return Optional.of(address);
      }
      if (plain == null && attribute instanceof MappedAddress(InetSocketAddress address)) {
        plain = address;
      }
    }
    return Optional.ofNullable(plain);
  }

  /** The server's other address and port, if it has told one. */
  public Optional<InetSocketAddress> otherAddress() {
    for (StunAttribute attribute : attributes) {
      if (attribute instanceof OtherAddress(InetSocketAddress address)) {
        return Optional.of(address);
      }
    }
    return Optional.empty();
  }

  /** From where the answer to this request shall come. */
  public ChangeRequest changeRequest() {
    for (StunAttribute attribute : attributes) {
      if (attribute instanceof ChangeRequest change) {
        return change;
      }
    }
    return ChangeRequest.NOTHING;
  }

  /** Why the request was not served, in an error response. */
  public Optional<ErrorCode> errorCode() {
    for (StunAttribute attribute : attributes) {
      if (attribute instanceof ErrorCode code) {
        return Optional.of(code);
      }
    }
    return Optional.empty();
  }

  /**
   * The types of the attributes that must be understood (below 0x8000) and are not in {@code
   * understood}. Those that every server understands are not meant.
   */
  public List<Integer> unknownRequired(Set<Integer> understood) {
    List<Integer> unknown = new ArrayList<>();
    for (StunAttribute attribute : attributes) {
      int type = attribute.type();
      if ((attribute instanceof Other || attribute instanceof ChangeRequest)
          && type < FIRST_OPTIONAL_TYPE
          && !AUTHENTICATION.contains(type)
          && !understood.contains(type)
          && !unknown.contains(type)) {
        unknown.add(type);
      }
    }
    return unknown;
  }

  /**
   * Whether a whole datagram looks like STUN: the first two bits, the magic cookie and the length
   * fit. Does not move the buffer's position.
   */
  public static boolean isStun(ByteBuffer datagram) {
    int at = datagram.position();
    if (datagram.remaining() < HEADER_BYTES || (datagram.get(at) & 0xC0) != 0) {
      return false;
    }
    ByteBuffer in = datagram.duplicate();
    int length = Short.toUnsignedInt(in.getShort(at + 2));
    return in.getInt(at + 4) == COOKIE
        && length % 4 == 0
        && length == datagram.remaining() - HEADER_BYTES;
  }

  /**
   * Reads a whole datagram. Does not move the buffer's position.
   *
   * @throws MalformedStunException when it is anything but one correct message
   */
  public static StunMessage decode(ByteBuffer datagram) throws MalformedStunException {
    if (!isStun(datagram) || datagram.remaining() > MAX_BYTES) {
      throw new MalformedStunException("This is not a STUN message.");
    }
    // A duplicate is big-endian, whatever the original is.
    ByteBuffer in = datagram.duplicate();
    int start = in.position();
    int type = Short.toUnsignedInt(in.getShort());
    in.position(start + HEADER_BYTES - TransactionId.BYTES);
    byte[] id = new byte[TransactionId.BYTES];
    in.get(id);
    List<StunAttribute> attributes = new ArrayList<>();
    Fingerprint fingerprint = Fingerprint.ABSENT;
    boolean sealed = false;
    while (in.hasRemaining()) {
      if (fingerprint == Fingerprint.PRESENT) {
        throw new MalformedStunException("There is something behind the fingerprint.");
      }
      int attributeStart = in.position();
      int attributeType = Short.toUnsignedInt(in.getShort());
      int length = Short.toUnsignedInt(in.getShort());
      int padded = (length + 3) & ~3;
      if (padded > in.remaining()) {
        throw new MalformedStunException("An attribute is longer than the message.");
      }
      ByteBuffer value = in.slice(in.position(), length);
      in.position(in.position() + padded);
      if (attributeType == FINGERPRINT_TYPE) {
        checkFingerprint(value, datagram, attributeStart - start);
        fingerprint = Fingerprint.PRESENT;
      } else if (!sealed) {
        if (attributes.size() == MAX_ATTRIBUTES) {
          throw new MalformedStunException("There are too many attributes.");
        }
        attributes.add(attribute(attributeType, value, id));
        // RFC 8489, 14.5: what follows the integrity is not protected by it, and is ignored.
        sealed = attributeType == MESSAGE_INTEGRITY || attributeType == MESSAGE_INTEGRITY_SHA256;
      }
    }
    return new StunMessage(
        StunClass.of(type),
        methodOf(type),
        new TransactionId(Octets.of(id)),
        attributes,
        fingerprint);
  }

  /** The bits of a message type are M11-M7 C1 M6-M4 C0 M3-M0. */
  private static int methodOf(int type) {
    return (type & 0x000F) | ((type & 0x00E0) >> 1) | ((type & 0x3E00) >> 2);
  }

  private int type() {
    return (method & 0x000F) | ((method & 0x0070) << 1) | ((method & 0x0F80) << 2) | kind.bits();
  }

  private static void checkFingerprint(ByteBuffer value, ByteBuffer datagram, int covered)
      throws MalformedStunException {
    if (value.remaining() != Integer.BYTES
        || value.getInt() != fingerprint(datagram.slice(datagram.position(), covered))) {
      throw new MalformedStunException("The fingerprint does not fit.");
    }
  }

  private static int fingerprint(ByteBuffer covered) {
    CRC32 crc = new CRC32();
    crc.update(covered);
    return (int) crc.getValue() ^ FINGERPRINT_XOR;
  }

  private static StunAttribute attribute(int type, ByteBuffer value, byte[] id)
      throws MalformedStunException {
    return switch (type) {
      case MappedAddress.TYPE -> new MappedAddress(address(value, new byte[0]));
      case XorMappedAddress.TYPE -> new XorMappedAddress(address(value, mask(id)));
      case ChangeRequest.TYPE -> changeRequest(value);
      case ResponseOrigin.TYPE -> new ResponseOrigin(address(value, new byte[0]));
      case OtherAddress.TYPE -> new OtherAddress(address(value, new byte[0]));
      case ErrorCode.TYPE -> errorCode(value);
      case UnknownAttributes.TYPE -> unknownAttributes(value);
      case Software.TYPE -> new Software(text(value));
      default -> new Other(type, Octets.of(bytes(value)));
    };
  }

  private static byte[] mask(byte[] id) {
    return ByteBuffer.allocate(Integer.BYTES + TransactionId.BYTES).putInt(COOKIE).put(id).array();
  }

  private static InetSocketAddress address(ByteBuffer value, byte[] mask)
      throws MalformedStunException {
    if (value.remaining() < 4) {
      throw new MalformedStunException("An address is too short.");
    }
    value.get();
    int family = value.get();
    int port = Short.toUnsignedInt(value.getShort());
    int expected = family == FAMILY_4 ? 4 : 16;
    if ((family != FAMILY_4 && family != FAMILY_6) || value.remaining() != expected) {
      throw new MalformedStunException("An address is neither IPv4 nor IPv6.");
    }
    byte[] address = bytes(value);
    if (mask.length > 0) {
      port ^= COOKIE >>> 16;
      disguise(address, mask);
    }
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("Addresses of 4 and 16 bytes are always fine.", e);
    }
  }

  private static void disguise(byte[] address, byte[] mask) {
    for (int i = 0; i < address.length; i++) {
      address[i] ^= mask[i];
    }
  }

  private static ChangeRequest changeRequest(ByteBuffer value) throws MalformedStunException {
    if (value.remaining() != Integer.BYTES) {
      throw new MalformedStunException("A change request has four bytes.");
    }
    return ChangeRequest.of(value.getInt());
  }

  private static ErrorCode errorCode(ByteBuffer value) throws MalformedStunException {
    if (value.remaining() < 4) {
      throw new MalformedStunException("An error code is too short.");
    }
    value.getShort();
    int hundreds = value.get() & 0x7;
    int number = value.get() & 0xFF;
    if (hundreds < 3 || hundreds > 6 || number > 99) {
      throw new MalformedStunException("An error code is out of range.");
    }
    return new ErrorCode(hundreds * 100 + number, text(value));
  }

  private static UnknownAttributes unknownAttributes(ByteBuffer value)
      throws MalformedStunException {
    if (value.remaining() % 2 != 0) {
      throw new MalformedStunException("A list of attribute types has an odd length.");
    }
    List<Integer> types = new ArrayList<>();
    while (value.hasRemaining()) {
      types.add(Short.toUnsignedInt(value.getShort()));
    }
    return new UnknownAttributes(types);
  }

  private static String text(ByteBuffer value) throws MalformedStunException {
    if (value.remaining() > MAX_TEXT_BYTES) {
      throw new MalformedStunException("A text is too long.");
    }
    return StandardCharsets.UTF_8.decode(value).toString();
  }

  private static byte[] bytes(ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    return bytes;
  }

  /**
   * The message as one datagram.
   *
   * @throws IllegalArgumentException when it is longer than 2048 bytes
   */
  public byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(MAX_BYTES + FINGERPRINT_BYTES);
    byte[] id = transaction.bytes();
    out.putShort((short) type()).putShort((short) 0).putInt(COOKIE).put(id);
    for (StunAttribute attribute : attributes) {
      byte[] value = value(attribute, id);
      int padded = (value.length + 3) & ~3;
      if (4 + padded > MAX_BYTES - out.position()) {
        throw new IllegalArgumentException("A STUN message has at most " + MAX_BYTES + " bytes.");
      }
      out.putShort((short) attribute.type()).putShort((short) value.length).put(value);
      out.put(new byte[padded - value.length]);
    }
    int covered = out.position();
    if (fingerprint == Fingerprint.PRESENT) {
      out.putShort(2, (short) (covered - HEADER_BYTES + FINGERPRINT_BYTES));
      int sum = fingerprint(out.slice(0, covered));
      out.putShort((short) FINGERPRINT_TYPE).putShort((short) Integer.BYTES).putInt(sum);
    } else {
      out.putShort(2, (short) (covered - HEADER_BYTES));
    }
    return bytes(out.flip());
  }

  private static byte[] value(StunAttribute attribute, byte[] id) {
    return switch (attribute) {
      case MappedAddress mapped -> address(mapped.address(), new byte[0]);
      case XorMappedAddress xor -> address(xor.address(), mask(id));
      case ChangeRequest change -> ByteBuffer.allocate(Integer.BYTES).putInt(change.bits()).array();
      case ResponseOrigin origin -> address(origin.address(), new byte[0]);
      case OtherAddress other -> address(other.address(), new byte[0]);
      case ErrorCode error -> errorCode(error);
      case UnknownAttributes unknown -> {
        ByteBuffer out = ByteBuffer.allocate(2 * unknown.types().size());
        unknown.types().forEach(type -> out.putShort((short) type.intValue()));
        yield out.array();
      }
      case Software software -> software.description().getBytes(StandardCharsets.UTF_8);
      case Other other -> other.value().toByteArray();
    };
  }

  private static byte[] address(InetSocketAddress socket, byte[] mask) {
    byte[] address = socket.getAddress().getAddress();
    int port = socket.getPort();
    if (mask.length > 0) {
      port ^= COOKIE >>> 16;
      disguise(address, mask);
    }
    return ByteBuffer.allocate(4 + address.length)
        .put((byte) 0)
        .put((byte) (address.length == 4 ? FAMILY_4 : FAMILY_6))
        .putShort((short) port)
        .put(address)
        .array();
  }

  private static byte[] errorCode(ErrorCode error) {
    byte[] reason = error.reason().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(4 + reason.length)
        .putShort((short) 0)
        .put((byte) (error.code() / 100))
        .put((byte) (error.code() % 100))
        .put(reason)
        .array();
  }
}
