package dev.godwit.identity;

import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.SecureRandom;

/**
 * A node's long-term Ed25519 key pair. Whoever has its file is the node. Immutable, hence safe for
 * use by many threads.
 */
public final class Identity {

  private final SigningKey key;
  private final NodeId id;

  private Identity(SigningKey key) {
    this.key = key;
    this.id = new NodeId(key.publicKey());
  }

  /** Makes a new identity that is in no file. */
  public static Identity generate(SecureRandom random) {
    return new Identity(SigningKey.generate(random));
  }

  /**
   * Reads a PKCS#8 PEM file.
   *
   * @throws IOException also when others than the owner have access to the file (the message says
   *     which command mends it), or when it holds no Ed25519 key
   */
  public static Identity load(Path file) throws IOException {
    return new Identity(SigningKey.load(file));
  }

  /**
   * Reads the file, or creates it, atomically and with mode 0600, when there is none.
   *
   * @throws IOException as for {@link #load}
   */
  public static Identity loadOrCreate(Path file, SecureRandom random) throws IOException {
    return new Identity(SigningKey.loadOrCreate(file, random));
  }

  /** The public half. */
  public NodeId id() {
    return id;
  }

  /**
   * Signs a message for one purpose; the signature verifies for no other.
   *
   * @param context the purpose: 1 to 64 printable ASCII characters
   * @return 64 bytes
   */
  public byte[] sign(String context, byte[] message) {
    return key.sign(context, message);
  }

  /** Whether {@code signer} signed this message for this purpose; malformed input is a no. */
  public static boolean verify(NodeId signer, String context, byte[] message, byte[] signature) {
    return SigningKey.verify(signer.key(), context, message, signature);
  }

  PrivateKey privateKey() {
    return key.privateKey();
  }

  /** Names the node id only. */
  @Override
  public String toString() {
    return "Identity[" + id + "]";
  }
}
