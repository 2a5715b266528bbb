package dev.godwit.identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * An Ed25519 key pair (RFC 8032) and its file: what the key of a node and the key of a mesh have in
 * common. Immutable, hence safe for use by many threads.
 *
 * <p>What is signed is always a fixed prefix, the length of the context, the context, and the
 * message. A signature made for one context therefore never verifies for another, and, because an
 * X.509 certificate does not begin with this prefix, never as one on a certificate.
 */
public final class SigningKey {

  /** The number of bytes of a signature. */
  public static final int SIGNATURE_BYTES = 64;

  private static final String ALGORITHM = "Ed25519";
  private static final byte[] PREFIX = "Godwit signature 1\0".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_CONTEXT_CHARS = 64;
  private static final int MAX_FILE_BYTES = 16 * 1024;
  private static final int SEED_BYTES = 32;

  /** What comes before the raw key in RFC 8410's PrivateKeyInfo and SubjectPublicKeyInfo. */
  private static final byte[] PKCS8_PREFIX =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private static final byte[] X509_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  private final PrivateKey privateKey;
  private final Octets publicKey;

  private SigningKey(PrivateKey privateKey, Octets publicKey) {
    this.privateKey = privateKey;
    this.publicKey = publicKey;
  }

  /** Makes a new key pair. */
  public static SigningKey generate(SecureRandom random) {
    byte[] seed = new byte[SEED_BYTES];
    random.nextBytes(seed);
    try {
      return fromPkcs8(concatenated(PKCS8_PREFIX, seed));
    } catch (InvalidKeySpecException e) {
      throw new IllegalStateException("The JDK refused a fresh Ed25519 key.", e);
    } finally {
      Arrays.fill(seed, (byte) 0);
    }
  }

  /**
   * Reads a PKCS#8 PEM file.
   *
   * @throws IOException also when others than the owner have access to the file, or when it holds
   *     no Ed25519 key
   */
  public static SigningKey load(Path file) throws IOException {
    byte[] content = PrivateFile.read(file, MAX_FILE_BYTES);
    try {
      return fromPkcs8(Pem.decode(Pem.PRIVATE_KEY, content));
    } catch (IOException e) {
      throw new IOException(file + " is not a PEM file with a private key: " + e.getMessage(), e);
    } catch (InvalidKeySpecException e) {
      throw new IOException(file + " does not hold an Ed25519 private key.", e);
    }
  }

  /**
   * Reads the file, or creates it with a new key when there is none. Of several processes that do
   * this at the same time all get the same key.
   */
  public static SigningKey loadOrCreate(Path file, SecureRandom random) throws IOException {
    if (!Files.exists(file)) {
      SigningKey fresh = generate(random);
      String pem = Pem.encode(Pem.PRIVATE_KEY, fresh.privateKey.getEncoded());
      PrivateFile.Creation creation =
          PrivateFile.create(file, pem.getBytes(StandardCharsets.US_ASCII));
      if (creation == PrivateFile.Creation.CREATED) {
        return fresh;
      }
    }
    return load(file);
  }

  /** The 32 raw bytes of the public key. */
  public Octets publicKey() {
    return publicKey;
  }

  PrivateKey privateKey() {
    return privateKey;
  }

  /**
   * Signs a message for one purpose.
   *
   * @param context the purpose: 1 to 64 printable ASCII characters
   * @return 64 bytes
   */
  public byte[] sign(String context, byte[] message) {
    byte[] preamble = preamble(context);
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(privateKey);
      signature.update(preamble);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("The JDK could not sign with Ed25519.", e);
    }
  }

  /**
   * Whether the owner of {@code publicKey} signed this message for this purpose. False for every
   * malformed key or signature, and for keys of small order, whose signatures anyone can make.
   */
  public static boolean verify(Octets publicKey, String context, byte[] message, byte[] signed) {
    return verifyRaw(publicKey, concatenated(preamble(context), message), signed);
  }

  static boolean verifyRaw(Octets publicKey, byte[] message, byte[] signed) {
    if (signed.length != SIGNATURE_BYTES) {
      return false;
    }
    PublicKey key;
    try {
      key = publicKey(publicKey);
    } catch (InvalidKeySpecException e) {
      return false;
    }
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initVerify(key);
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  static PublicKey publicKey(Octets raw) throws InvalidKeySpecException {
    byte[] bytes = raw.toByteArray();
    if (bytes.length != Ed25519.PUBLIC_KEY_SIZE || !Ed25519.validatePublicKeyFull(bytes, 0)) {
      throw new InvalidKeySpecException("Not a point of the prime-order group of Ed25519.");
    }
    return keyFactory().generatePublic(new X509EncodedKeySpec(concatenated(X509_PREFIX, bytes)));
  }

  private static SigningKey fromPkcs8(byte[] pkcs8) throws InvalidKeySpecException {
    PrivateKey key = keyFactory().generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    if (!(key instanceof EdECPrivateKey edwards)) {
      throw new InvalidKeySpecException("Not an Edwards curve key.");
    }
    byte[] seed =
        edwards
            .getBytes()
            .orElseThrow(() -> new InvalidKeySpecException("The key does not show its bytes."));
    byte[] publicKey = new byte[Ed25519.PUBLIC_KEY_SIZE];
    Ed25519.generatePublicKey(seed, 0, publicKey, 0);
    return new SigningKey(key, Octets.of(publicKey));
  }

  private static KeyFactory keyFactory() {
    try {
      return KeyFactory.getInstance(ALGORITHM);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no Ed25519.", e);
    }
  }

  private static byte[] preamble(String context) {
    if (context.isEmpty()
        || context.length() > MAX_CONTEXT_CHARS
        || !context.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException(
          "A signature context has 1 to " + MAX_CONTEXT_CHARS + " printable ASCII characters.");
    }
    byte[] length = {(byte) context.length()};
    return concatenated(concatenated(PREFIX, length), context.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] concatenated(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** Names the public key only. */
  @Override
  public String toString() {
    return "SigningKey[" + publicKey.toHex() + "]";
  }
}
