package dev.godwit.seal;

import dev.godwit.identity.Identity;
import dev.godwit.identity.Octets;
import java.security.SecureRandom;
import java.time.Instant;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.params.X25519PrivateKeyParameters;

/**
 * The X25519 key (RFC 7748) of one running process. It is never stored: what was sealed to it stays
 * closed once the process is gone. Immutable, hence safe for use by many threads.
 */
public final class SealingKey {

  private final X25519PrivateKeyParameters privateKey;

  private SealingKey(X25519PrivateKeyParameters privateKey) {
    this.privateKey = privateKey;
  }

  /** Makes a new key. */
  public static SealingKey generate(SecureRandom random) {
    return new SealingKey(new X25519PrivateKeyParameters(random));
  }

  /**
   * Tells others to seal to this key.
   *
   * @param identity the node to which the key belongs
   * @param instance the running process
   * @param notAfter the last moment at which others may use it; whole milliseconds
   */
  public SealingCertificate certificate(Identity identity, InstanceId instance, Instant notAfter) {
    return SealingCertificate.issue(identity, publicKey(), instance, notAfter);
  }

  Octets publicKey() {
    return Octets.of(privateKey.generatePublicKey().getEncoded());
  }

  AsymmetricCipherKeyPair pair() {
    return new AsymmetricCipherKeyPair(privateKey.generatePublicKey(), privateKey);
  }

  /** Names the public key only. */
  @Override
  public String toString() {
    return "SealingKey[" + publicKey().toHex() + "]";
  }
}
