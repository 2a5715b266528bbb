package dev.godwit.stun;

import dev.godwit.identity.Octets;
import java.net.InetSocketAddress;
import java.util.List;

/** An attribute of a STUN message (RFC 8489, section 14). */
public sealed interface StunAttribute {

  /** The 16-bit attribute type. */
  int type();

  /** From where the request came, in the clear; only old servers send it alone. */
  record MappedAddress(InetSocketAddress address) implements StunAttribute {
    static final int TYPE = 0x0001;

    @Override
    public int type() {
      return TYPE;
    }
  }

  /** From where the request came, disguised from NATs that rewrite addresses in payloads. */
  record XorMappedAddress(InetSocketAddress address) implements StunAttribute {
    static final int TYPE = 0x0020;

    @Override
    public int type() {
      return TYPE;
    }
  }

  /**
   * Why a request was not served.
   *
   * @param code 300 to 699
   * @param reason for people
   */
  record ErrorCode(int code, String reason) implements StunAttribute {
    static final int TYPE = 0x0009;

    /** Checks the range of the code. */
    public ErrorCode {
      if (code < 300 || code > 699) {
        throw new IllegalArgumentException("A STUN error code is from 300 to 699, not " + code);
      }
    }

    @Override
    public int type() {
      return TYPE;
    }
  }

  /** The types of the attributes that the server had to understand and did not. */
  record UnknownAttributes(List<Integer> types) implements StunAttribute {
    static final int TYPE = 0x000A;

    /** Copies the list. */
    public UnknownAttributes {
      types = List.copyOf(types);
    }

    @Override
    public int type() {
      return TYPE;
    }
  }

  /** Who made the message; for people. */
  record Software(String description) implements StunAttribute {
    static final int TYPE = 0x8022;

    @Override
    public int type() {
      return TYPE;
    }
  }

  /** Any other attribute. */
  record Other(int type, Octets value) implements StunAttribute {
    /** Checks the range of the type. */
    public Other {
      if (type < 0 || type > 0xFFFF) {
        throw new IllegalArgumentException("A STUN attribute type has 16 bits, not " + type);
      }
    }
  }
}
