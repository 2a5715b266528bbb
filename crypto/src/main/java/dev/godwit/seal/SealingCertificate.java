package dev.godwit.seal;

import dev.godwit.der.DerReader;
import dev.godwit.der.DerWriter;
import dev.godwit.der.MalformedDerException;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.identity.SigningKey;
import dev.godwit.seal.SealException.Reason;
import java.time.Instant;
import java.time.InstantSource;

/**
 * A node's statement that a {@link SealingKey} is that of one of its processes. It proves nothing
 * before {@link #verify} accepted it. Immutable; two are equal when their encodings are.
 *
 * <pre>{@code
 * SealingCertificate ::= SEQUENCE { body OCTET STRING (the DER of Body), signature OCTET STRING (64) }
 * Body ::= SEQUENCE {
 *   version INTEGER (1), publicKey OCTET STRING (32), node OCTET STRING (32),
 *   instance OCTET STRING (16), notAfter INTEGER (milliseconds since 1970) }
 * }</pre>
 */
public final class SealingCertificate {

  /** The longest encoding that is read. */
  public static final int MAX_BYTES = 1024;

  /** The number of bytes of an X25519 public key. */
  public static final int PUBLIC_KEY_BYTES = 32;

  private static final String CONTEXT = "sealing certificate";
  private static final int VERSION = 1;

  private final Octets encoded;
  private final Octets body;
  private final Octets signature;
  private final Octets publicKey;
  private final NodeId node;
  private final InstanceId instance;
  private final Instant notAfter;

  private SealingCertificate(byte[] encoded) throws MalformedDerException {
    DerReader outer = DerReader.of(encoded, MAX_BYTES);
    this.encoded = Octets.of(encoded);
    this.body = outer.octets(0, MAX_BYTES);
    this.signature = outer.octets(SigningKey.SIGNATURE_BYTES);
    outer.end();
    DerReader in = DerReader.of(body.toByteArray(), MAX_BYTES);
    in.integer(VERSION, VERSION);
    this.publicKey = in.octets(PUBLIC_KEY_BYTES);
    this.node = new NodeId(in.octets(NodeId.BYTES));
    this.instance = new InstanceId(in.octets(InstanceId.BYTES));
    this.notAfter = in.instant();
    in.end();
  }

  static SealingCertificate issue(
      Identity identity, Octets publicKey, InstanceId instance, Instant notAfter) {
    byte[] body =
        new DerWriter()
            .integer(VERSION)
            .octets(publicKey)
            .octets(identity.id().key())
            .octets(instance.value())
            .instant(notAfter)
            .encoded();
    byte[] signature = identity.sign(CONTEXT, body);
    try {
      return new SealingCertificate(new DerWriter().octets(body).octets(signature).encoded());
    } catch (MalformedDerException e) {
      throw new IllegalArgumentException(
          "This can not be a sealing certificate: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a certificate; does not verify it.
   *
   * @throws SealException with the reason {@code MALFORMED}
   */
  public static SealingCertificate parse(byte[] encoded) throws SealException {
    try {
      return new SealingCertificate(encoded);
    } catch (MalformedDerException e) {
      throw new SealException(
          Reason.MALFORMED, "The sealing certificate can not be read: " + e.getMessage(), e);
    }
  }

  /**
   * Returns when the key is that of the expected node, now.
   *
   * @throws SealException with the reason {@code OTHER_NODE}, {@code BAD_SIGNATURE} or {@code
   *     EXPIRED}
   */
  public void verify(NodeId expected, InstantSource clock) throws SealException {
    if (!node.equals(expected)) {
      throw new SealException(
          Reason.OTHER_NODE,
          "The sealing certificate is that of " + node + ", not of " + expected + ".");
    }
    if (!Identity.verify(node, CONTEXT, body.toByteArray(), signature.toByteArray())) {
      throw new SealException(
          Reason.BAD_SIGNATURE, "The sealing certificate is not signed by " + node + ".");
    }
    if (clock.instant().isAfter(notAfter)) {
      throw new SealException(
          Reason.EXPIRED,
          "The sealing certificate of " + node.shortForm() + " expired at " + notAfter + ".");
    }
  }

  /** A fresh copy of the encoding. */
  public byte[] encoded() {
    return encoded.toByteArray();
  }

  /** The X25519 public key. */
  public Octets publicKey() {
    return publicKey;
  }

  /** The node that it claims to be of. */
  public NodeId node() {
    return node;
  }

  /** The running process. */
  public InstanceId instance() {
    return instance;
  }

  /** The last moment at which the key may be used. */
  public Instant notAfter() {
    return notAfter;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SealingCertificate that && encoded.equals(that.encoded);
  }

  @Override
  public int hashCode() {
    return encoded.hashCode();
  }

  /** Node, instance and expiry. */
  @Override
  public String toString() {
    return "SealingCertificate["
        + node.shortForm()
        + " instance "
        + instance
        + " until "
        + notAfter
        + "]";
  }
}
