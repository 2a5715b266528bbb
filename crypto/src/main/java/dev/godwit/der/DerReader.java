package dev.godwit.der;

import dev.godwit.identity.Octets;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1UTF8String;

/**
 * Reads one DER SEQUENCE (ITU-T X.690) from a hostile peer, element after element. Strict: there is
 * exactly one encoding of every content, and nothing may follow. For one thread.
 */
public final class DerReader {

  /** The last moment of the year 9999 in milliseconds since 1970. */
  private static final long MAX_EPOCH_MILLIS = 253_402_300_799_999L;

  private final ASN1Sequence elements;
  private int next;

  private DerReader(ASN1Sequence elements) {
    this.elements = elements;
  }

  /**
   * Opens an encoded sequence.
   *
   * @param maxBytes longer input is refused before it is looked at
   */
  public static DerReader of(byte[] encoded, int maxBytes) throws MalformedDerException {
    if (encoded.length > maxBytes) {
      throw new MalformedDerException(
          "It has " + encoded.length + " bytes; at most " + maxBytes + " are accepted.");
    }
    try {
      if (!(ASN1Primitive.fromByteArray(encoded) instanceof ASN1Sequence sequence)) {
        throw new MalformedDerException("It is not a sequence.");
      }
      if (!Arrays.equals(sequence.getEncoded(ASN1Encoding.DER), encoded)) {
        throw new MalformedDerException("It is not in the distinguished encoding.");
      }
      return new DerReader(sequence);
    } catch (IOException | RuntimeException e) {
      // Bouncy Castle reports malformed content by several unchecked exceptions too.
      throw new MalformedDerException("It is not valid DER.", e);
    }
  }

  /** The next element, an INTEGER from {@code min} to {@code max}. */
  public long integer(long min, long max) throws MalformedDerException {
    ASN1Integer element = element(ASN1Integer.class, "an integer");
    long value;
    try {
      value = element.longValueExact();
    } catch (ArithmeticException e) {
      throw new MalformedDerException("An integer is too large.", e);
    }
    if (value < min || value > max) {
      throw new MalformedDerException(
          "An integer is " + value + ", not from " + min + " to " + max + ".");
    }
    return value;
  }

  /** The next element, an OCTET STRING of exactly {@code length} bytes. */
  public Octets octets(int length) throws MalformedDerException {
    return octets(length, length);
  }

  /** The next element, an OCTET STRING of {@code min} to {@code max} bytes. */
  public Octets octets(int min, int max) throws MalformedDerException {
    byte[] value = element(ASN1OctetString.class, "an octet string").getOctets();
    if (value.length < min || value.length > max) {
      throw new MalformedDerException(
          "An octet string has " + value.length + " bytes, not " + min + " to " + max + ".");
    }
    return Octets.of(value);
  }

  /** The next element, a UTF8String of at most {@code maxChars} UTF-16 characters. */
  public String text(int maxChars) throws MalformedDerException {
    ASN1UTF8String element = element(ASN1UTF8String.class, "a text");
    String value;
    try {
      value = element.getString();
    } catch (IllegalArgumentException e) {
      throw new MalformedDerException("A text is not UTF-8.", e);
    }
    if (value.length() > maxChars) {
      throw new MalformedDerException("A text has more than " + maxChars + " characters.");
    }
    return value;
  }

  /** The next element, an INTEGER: the milliseconds since 1970, up to the year 9999. */
  public Instant instant() throws MalformedDerException {
    return Instant.ofEpochMilli(integer(0, MAX_EPOCH_MILLIS));
  }

  /** The next element, a SEQUENCE of at most {@code maxElements} elements. */
  public DerReader sequence(int maxElements) throws MalformedDerException {
    ASN1Sequence element = element(ASN1Sequence.class, "a sequence");
    if (element.size() > maxElements) {
      throw new MalformedDerException("A sequence has more than " + maxElements + " elements.");
    }
    return new DerReader(element);
  }

  /** Whether there are elements that were not read. */
  public boolean hasMore() {
    return next < elements.size();
  }

  /** Declares that all elements were read. */
  public void end() throws MalformedDerException {
    if (hasMore()) {
      throw new MalformedDerException("There is more in it than expected.");
    }
  }

  private <T> T element(Class<T> type, String what) throws MalformedDerException {
    if (!hasMore()) {
      throw new MalformedDerException("Instead of " + what + " there is nothing more.");
    }
    ASN1Encodable element = elements.getObjectAt(next);
    if (!type.isInstance(element)) {
      throw new MalformedDerException("Element " + (next + 1) + " is not " + what + ".");
    }
    next++;
    return type.cast(element);
  }
}
