package dev.godwit.lan;

import dev.godwit.identity.Octets;
import dev.godwit.membership.MeshId;
import dev.godwit.seal.InstanceId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.LocalDate;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What an announcement says about the mesh: to its members which one it is, to others nothing. It
 * is an HMAC with the mesh id as key over the announcing instance and the day (UTC). Without the
 * instance in it, everybody in the LAN would see which nodes belong together; without the day, who
 * learns a mesh id later could look through what was recorded once and for all in one step.
 *
 * <p>It is no proof: an announcement can be sent again by anybody, and whoever knows the mesh id
 * can make one. Who is there is proven by the TLS handshake.
 */
record MeshTag(Octets value) {
  /** The number of bytes; long enough for no two meshes to be mixed up. */
  static final int BYTES = 16;

  private static final byte[] CONTEXT =
      "godwit lan announcement 1\0".getBytes(StandardCharsets.US_ASCII);

  /** Checks the length. */
  MeshTag {
    value.requireLength(BYTES, "A mesh tag");
  }

  /** The tag of an instance on a day. */
  static MeshTag of(MeshId mesh, InstanceId instance, LocalDate day) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(mesh.bytes(), "HmacSHA256"));
      mac.update(CONTEXT);
      mac.update(instance.bytes());
      byte[] tag = mac.doFinal(ByteBuffer.allocate(Long.BYTES).putLong(day.toEpochDay()).array());
      return new MeshTag(Octets.of(Arrays.copyOf(tag, BYTES)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no HMAC-SHA256", e);
    }
  }

  /** Whether it is that of an instance of this mesh; a day off does not matter. */
  boolean fits(MeshId mesh, InstanceId instance, LocalDate today) {
    for (int off = -1; off <= 1; off++) {
      if (MessageDigest.isEqual(
          value.toByteArray(), of(mesh, instance, today.plusDays(off)).value().toByteArray())) {
        return true;
      }
    }
    return false;
  }
}
