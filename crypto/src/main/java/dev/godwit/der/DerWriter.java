package dev.godwit.der;

import dev.godwit.identity.Octets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERUTF8String;

/** Writes one DER SEQUENCE (ITU-T X.690), element after element. For one thread. */
public final class DerWriter {

  private final ASN1EncodableVector elements = new ASN1EncodableVector();

  /** Adds an INTEGER. */
  public DerWriter integer(long value) {
    elements.add(new ASN1Integer(value));
    return this;
  }

  /** Adds an OCTET STRING. */
  public DerWriter octets(byte[] value) {
    elements.add(new DEROctetString(value.clone()));
    return this;
  }

  /** Adds an OCTET STRING. */
  public DerWriter octets(Octets value) {
    elements.add(new DEROctetString(value.toByteArray()));
    return this;
  }

  /** Adds a UTF8String. */
  public DerWriter text(String value) {
    elements.add(new DERUTF8String(value));
    return this;
  }

  /** Adds an INTEGER: the milliseconds since 1970. */
  public DerWriter instant(Instant value) {
    return integer(value.toEpochMilli());
  }

  /** Adds a SEQUENCE with what was written to {@code nested} so far. */
  public DerWriter sequence(DerWriter nested) {
    elements.add(new DERSequence(nested.elements));
    return this;
  }

  /** The encoding of the sequence. */
  public byte[] encoded() {
    try {
      return new DERSequence(elements).getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new UncheckedIOException("DER could not be encoded in memory.", e);
    }
  }
}
