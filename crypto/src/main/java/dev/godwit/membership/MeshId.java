package dev.godwit.membership;

import dev.godwit.identity.KeyText;
import dev.godwit.identity.Octets;
import dev.godwit.identity.SigningKey;

/** The name of a mesh: the Ed25519 public key (32 bytes) that its certificates are signed with. */
public record MeshId(Octets key) implements Comparable<MeshId> {

  /** The number of bytes of a mesh id. */
  public static final int BYTES = KeyText.KEY_BYTES;

  private static final String WORD = "mesh";
  private static final int SHORT_CHARS = 7;

  /**
   * @throws InvalidMeshIdException when {@code key} has not 32 bytes
   */
  public MeshId {
    if (key.length() != BYTES) {
      throw new InvalidMeshIdException(
          "A mesh id has " + BYTES + " bytes, not " + key.length() + ".");
    }
  }

  /**
   * Takes the 32 raw bytes of the public key.
   *
   * @throws InvalidMeshIdException when there are not 32 bytes
   */
  public static MeshId of(byte[] raw32) {
    return new MeshId(Octets.of(raw32));
  }

  /**
   * Reads the printed form, as forgivingly as a node id's; the word {@code mesh} must be there.
   *
   * @throws InvalidMeshIdException naming the groups whose check character does not fit
   */
  public static MeshId parse(String text) {
    String stripped = text.strip();
    if (!stripped.regionMatches(true, 0, WORD, 0, WORD.length())) {
      throw new InvalidMeshIdException("This is not a mesh id: it does not begin with mesh-.");
    }
    return new MeshId(
        KeyText.parse(
            stripped.substring(WORD.length()),
            flaw -> new InvalidMeshIdException("This is not a mesh id: " + flaw + ".")));
  }

  /** A fresh copy of the 32 raw bytes. */
  public byte[] bytes() {
    return key.toByteArray();
  }

  /** Whether the mesh's key signed this message for this purpose; malformed input is a no. */
  public boolean verify(String context, byte[] message, byte[] signature) {
    return SigningKey.verify(key, context, message, signature);
  }

  /** The prefix and the first group, for logs: not unique against an adversary. */
  public String shortForm() {
    return toString().substring(0, WORD.length() + 1 + SHORT_CHARS);
  }

  @Override
  public int compareTo(MeshId other) {
    return key.compareTo(other.key);
  }

  /** {@code mesh-} and eight groups of seven characters with check characters. */
  @Override
  public String toString() {
    return WORD + "-" + KeyText.format(key);
  }
}
