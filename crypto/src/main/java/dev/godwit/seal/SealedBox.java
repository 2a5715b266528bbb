package dev.godwit.seal;

import dev.godwit.der.DerReader;
import dev.godwit.der.DerWriter;
import dev.godwit.der.MalformedDerException;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.identity.SigningKey;
import dev.godwit.seal.SealException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContextWithEncapsulation;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.X25519PrivateKeyParameters;

/**
 * A message that one process of one node can open and that proves who wrote it, whoever carries it.
 *
 * <p>A box is a version byte, the encapsulated key (32 bytes) and the ciphertext of HPKE (RFC 9180)
 * in base mode with X25519, HKDF-SHA256 and ChaCha20-Poly1305; the version byte is associated data
 * and the receiver's node id is part of HPKE's info. The plaintext is
 *
 * <pre>{@code
 * SEQUENCE { content OCTET STRING (the DER of Content), signature OCTET STRING (64) }
 * Content ::= SEQUENCE {
 *   sender OCTET STRING (32), receiver OCTET STRING (32), messageId OCTET STRING (16),
 *   sentAt INTEGER (milliseconds since 1970), body OCTET STRING }
 * }</pre>
 *
 * <p>The sender's signature is over the encapsulated key, the receiver's public key and the
 * content. The receiver therefore can not seal the message again, to somebody else or to itself,
 * since nobody but the sender knows the secret behind the encapsulated key.
 *
 * <p>That a box is not opened twice is for a {@link ReplayWindow} to see to.
 */
public final class SealedBox {

  /** The longest box that is made or opened. */
  public static final int MAX_BOX_BYTES = 64 * 1024;

  /** The longest body: what is left of a box beside everything else in it. */
  public static final int MAX_BODY_BYTES = MAX_BOX_BYTES - 512;

  private static final byte VERSION = 1;
  private static final int ENCAPSULATED_BYTES = 32;
  private static final int HEADER_BYTES = 1 + ENCAPSULATED_BYTES;
  private static final String CONTEXT = "sealed message";
  private static final byte[] INFO_PREFIX =
      "Godwit sealed box 1\0".getBytes(StandardCharsets.US_ASCII);

  private SealedBox() {}

  /**
   * What was in a box.
   *
   * @param sender the node that wrote and signed it
   * @param messageId its number
   * @param sentAt when it was sealed, by the sender's clock
   * @param content what the sender passed as body
   */
  public record Opened(NodeId sender, MessageId messageId, Instant sentAt, Octets content) {

    /** A fresh copy of the content. */
    public byte[] body() {
      return content.toByteArray();
    }
  }

  /**
   * Seals a body to the process that a certificate names. Verifies the certificate; that its node
   * is the one meant is for the caller to have compared.
   *
   * @throws SealException when the certificate is refused or the body is larger than {@link
   *     #MAX_BODY_BYTES}
   */
  public static byte[] seal(
      SealingCertificate receiver,
      Identity sender,
      byte[] body,
      InstantSource clock,
      SecureRandom random)
      throws SealException {
    receiver.verify(receiver.node(), clock);
    if (body.length > MAX_BODY_BYTES) {
      throw new SealException(
          Reason.TOO_LARGE,
          "A sealed message has at most " + MAX_BODY_BYTES + " bytes, not " + body.length + ".");
    }
    HPKE hpke = hpke();
    X25519PrivateKeyParameters ephemeral = new X25519PrivateKeyParameters(random);
    try {
      AsymmetricKeyParameter to = hpke.deserializePublicKey(receiver.publicKey().toByteArray());
      HPKEContextWithEncapsulation context =
          hpke.setupBaseS(
              to,
              info(receiver.node()),
              new AsymmetricCipherKeyPair(ephemeral.generatePublicKey(), ephemeral));
      Octets encapsulated = Octets.of(context.getEncapsulation());
      byte[] content =
          new DerWriter()
              .octets(sender.id().key())
              .octets(receiver.node().key())
              .octets(MessageId.random(random).value())
              .instant(clock.instant())
              .octets(body)
              .encoded();
      byte[] signature = sender.sign(CONTEXT, signed(encapsulated, receiver.publicKey(), content));
      byte[] plain = new DerWriter().octets(content).octets(signature).encoded();
      byte[] sealed = context.seal(associatedData(), plain);
      return ByteBuffer.allocate(HEADER_BYTES + sealed.length)
          .put(VERSION)
          .put(encapsulated.toByteArray())
          .put(sealed)
          .array();
    } catch (InvalidCipherTextException | IllegalArgumentException | IllegalStateException e) {
      // A public key of small order: no honest node has one.
      throw new SealException(
          Reason.MALFORMED, "Nothing can be sealed to the key of " + receiver.node() + ".", e);
    }
  }

  /**
   * Opens a box and proves who wrote it.
   *
   * @param key the key of this process
   * @param me the node that this process is
   * @throws SealException when the box is not for this process or not intact
   */
  public static Opened open(SealingKey key, NodeId me, byte[] box) throws SealException {
    if (box.length > MAX_BOX_BYTES) {
      throw new SealException(
          Reason.TOO_LARGE,
          "A sealed message has " + box.length + " bytes; " + MAX_BOX_BYTES + " are the limit.");
    }
    if (box.length < HEADER_BYTES || box[0] != VERSION) {
      throw new SealException(
          Reason.MALFORMED, "A sealed message is too short or of another version.");
    }
    byte[] encapsulated = Arrays.copyOfRange(box, 1, HEADER_BYTES);
    byte[] plain;
    try {
      plain =
          hpke()
              .setupBaseR(encapsulated, key.pair(), info(me))
              .open(associatedData(), Arrays.copyOfRange(box, HEADER_BYTES, box.length));
    } catch (InvalidCipherTextException | RuntimeException e) {
      // Bouncy Castle reports bad keys and short ciphertexts by unchecked exceptions.
      throw new SealException(
          Reason.CANNOT_OPEN, "A sealed message is not for this process, or was changed.", e);
    }
    return proven(plain, Octets.of(encapsulated), key.publicKey(), me);
  }

  private static Opened proven(byte[] plain, Octets encapsulated, Octets publicKey, NodeId me)
      throws SealException {
    try {
      DerReader outer = DerReader.of(plain, MAX_BOX_BYTES);
      byte[] content = outer.octets(0, MAX_BOX_BYTES).toByteArray();
      byte[] signature = outer.octets(SigningKey.SIGNATURE_BYTES).toByteArray();
      outer.end();
      DerReader in = DerReader.of(content, MAX_BOX_BYTES);
      NodeId sender = new NodeId(in.octets(NodeId.BYTES));
      NodeId receiver = new NodeId(in.octets(NodeId.BYTES));
      MessageId messageId = new MessageId(in.octets(MessageId.BYTES));
      Instant sentAt = in.instant();
      Octets body = in.octets(0, MAX_BODY_BYTES);
      in.end();
      if (!Identity.verify(sender, CONTEXT, signed(encapsulated, publicKey, content), signature)) {
        throw new SealException(
            Reason.BAD_SIGNATURE, "A sealed message is not signed by " + sender + ".");
      }
      if (!receiver.equals(me)) {
        throw new SealException(
            Reason.OTHER_NODE, "A sealed message is for " + receiver + ", not for " + me + ".");
      }
      return new Opened(sender, messageId, sentAt, body);
    } catch (MalformedDerException e) {
      throw new SealException(
          Reason.MALFORMED, "A sealed message can not be read: " + e.getMessage(), e);
    }
  }

  private static HPKE hpke() {
    return new HPKE(
        HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_CHACHA20_POLY1305);
  }

  private static byte[] associatedData() {
    return new byte[] {VERSION};
  }

  private static byte[] info(NodeId receiver) {
    return ByteBuffer.allocate(INFO_PREFIX.length + NodeId.BYTES)
        .put(INFO_PREFIX)
        .put(receiver.bytes())
        .array();
  }

  private static byte[] signed(Octets encapsulated, Octets publicKey, byte[] content) {
    return ByteBuffer.allocate(encapsulated.length() + publicKey.length() + content.length)
        .put(encapsulated.toByteArray())
        .put(publicKey.toByteArray())
        .put(content)
        .array();
  }
}
