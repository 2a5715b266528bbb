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

  /**
   * Asks for an answer from another address or port of the server (RFC 5780, section 7.2). A server
   * that cannot do that must refuse.
   */
  record ChangeRequest(Change address, Change port) implements StunAttribute {
    static final int TYPE = 0x0003;

    static final ChangeRequest NOTHING = new ChangeRequest(Change.KEEP, Change.KEEP);

    private static final int ADDRESS_BIT = 4;
    private static final int PORT_BIT = 2;

    /** Reads the value. */
    static ChangeRequest of(int bits) {
      return new ChangeRequest(
          (bits & ADDRESS_BIT) == 0 ? Change.KEEP : Change.OTHER,
          (bits & PORT_BIT) == 0 ? Change.KEEP : Change.OTHER);
    }

    /** The value. */
    int bits() {
      return (address == Change.OTHER ? ADDRESS_BIT : 0) | (port == Change.OTHER ? PORT_BIT : 0);
    }

    @Override
    public int type() {
      return TYPE;
    }
  }

  /** Whether an answer shall come from elsewhere. */
  enum Change {
    /** From where the request went. */
    KEEP,
    /** From another one. */
    OTHER
  }

  /** From where the server has sent the answer (RFC 5780, section 7.3). */
  record ResponseOrigin(InetSocketAddress address) implements StunAttribute {
    static final int TYPE = 0x802B;

    @Override
    public int type() {
      return TYPE;
    }
  }

  /**
   * From where the server answers when both address and port are to change (RFC 5780, section 7.4).
   * Only servers with two addresses may send it: clients take both numbers for different ones.
   */
  record OtherAddress(InetSocketAddress address) implements StunAttribute {
    static final int TYPE = 0x802C;

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
