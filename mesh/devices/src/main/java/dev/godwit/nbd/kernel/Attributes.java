package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Attributes of a netlink message in the order in which they came, each a type and a value. Values
 * are looked at when they are asked for. Immutable.
 */
final class Attributes {
  /** {@code struct nlattr}. */
  static final int HEADER_BYTES = 4;

  /** NLA_TYPE_MASK: the other bits tell what the value is. */
  private static final int TYPES = 0x3fff;

  private record Attribute(int type, ByteBuffer value) {}

  private final List<Attribute> all;

  private Attributes(List<Attribute> all) {
    this.all = all;
  }

  /**
   * Takes a list apart.
   *
   * @throws ProtocolException when its lengths do not fit together
   */
  static Attributes of(ByteBuffer list) throws ProtocolException {
    List<Attribute> all = new ArrayList<>();
    ByteBuffer in = list.slice().order(ByteOrder.nativeOrder());
    while (in.hasRemaining()) {
      if (in.remaining() < HEADER_BYTES) {
        throw new ProtocolException("netlink: " + in.remaining() + " bytes are no attribute");
      }
      int start = in.position();
      int length = in.getShort() & 0xffff;
      int type = in.getShort() & TYPES;
      if (length < HEADER_BYTES || length > in.limit() - start) {
        throw new ProtocolException("netlink: an attribute of " + length + " bytes");
      }
      all.add(
          new Attribute(
              type,
              in.slice(start + HEADER_BYTES, length - HEADER_BYTES)
                  .order(ByteOrder.nativeOrder())));
      in.position(Math.min(in.limit(), start + aligned(length)));
    }
    return new Attributes(List.copyOf(all));
  }

  /** The length with the padding that follows. */
  static int aligned(int length) {
    return (length + 3) & ~3;
  }

  /**
   * The first number of that type, which may have one, two or four bytes.
   *
   * @throws ProtocolException when it has another length
   */
  OptionalInt number(int type) throws ProtocolException {
    for (Attribute one : all) {
      if (one.type == type) {
        ByteBuffer value = one.value;
        return OptionalInt.of(
            switch (value.remaining()) {
              case 1 -> value.get(0) & 0xff;
              case 2 -> value.getShort(0) & 0xffff;
              case 4 -> value.getInt(0);
              default ->
                  throw new ProtocolException(
                      "netlink: a number of " + value.remaining() + " bytes");
            });
      }
    }
    return OptionalInt.empty();
  }

  /** The first text of that type without the zero at its end, or an empty one. */
  String text(int type) {
    for (Attribute one : all) {
      if (one.type == type) {
        byte[] bytes = new byte[one.value.remaining()];
        one.value.get(0, bytes);
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
          length++;
        }
        return new String(bytes, 0, length, UTF_8);
      }
    }
    return "";
  }

  /**
   * What is in the attributes of that type, each of which is a list itself.
   *
   * @throws ProtocolException when lengths do not fit together
   */
  List<Attributes> lists(int type) throws ProtocolException {
    List<Attributes> lists = new ArrayList<>();
    for (Attribute one : all) {
      if (one.type == type) {
        lists.add(of(one.value));
      }
    }
    return lists;
  }
}
