package dev.godwit.membership;

import dev.godwit.identity.SigningKey;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;

/**
 * The Ed25519 key pair of a mesh. Whoever has its file decides who is a member. Immutable, hence
 * safe for use by many threads.
 */
public final class MeshKey {

  private final SigningKey key;
  private final MeshId id;

  private MeshKey(SigningKey key) {
    this.key = key;
    this.id = new MeshId(key.publicKey());
  }

  /** Makes a new key that is in no file. */
  public static MeshKey generate(SecureRandom random) {
    return new MeshKey(SigningKey.generate(random));
  }

  /**
   * Reads a PKCS#8 PEM file.
   *
   * @throws IOException also when others than the owner have access to the file (the message says
   *     which command mends it), or when it holds no Ed25519 key
   */
  public static MeshKey load(Path file) throws IOException {
    return new MeshKey(SigningKey.load(file));
  }

  /**
   * Reads the file, or creates it, atomically and with mode 0600, when there is none.
   *
   * @throws IOException as for {@link #load}
   */
  public static MeshKey loadOrCreate(Path file, SecureRandom random) throws IOException {
    return new MeshKey(SigningKey.loadOrCreate(file, random));
  }

  /** The public half. */
  public MeshId id() {
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

  /** Names the mesh id only. */
  @Override
  public String toString() {
    return "MeshKey[" + id + "]";
  }
}
