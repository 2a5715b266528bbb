package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Tells the folder that keeps an identity from a copy of it. Two processes with the same folder on
 * the same running system say the same; those of a cloned disk, a restored backup or a copied
 * folder do not. Others learn nothing about the machine from it.
 */
final class HomePlace {
  private static final int BYTES = 16;

  private HomePlace() {}

  /**
   * The place of a node's folder.
   *
   * @return 16 bytes
   * @throws IOException when the folder cannot be looked at
   */
  static Octets of(NodeHome home, NodeId node) throws IOException {
    Path folder = home.directory();
    Object key = Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(node.bytes());
      digest.update(String.valueOf(key).getBytes(StandardCharsets.UTF_8));
      // Clones of a machine have been started apart from each other.
      digest.update(BootId.present().getBytes(StandardCharsets.UTF_8));
      return Octets.of(Arrays.copyOf(digest.digest(), BYTES));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This JDK has no SHA-256.", e);
    }
  }
}
