package dev.godwit.signaling;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.membership.MeshId;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingCertificate;
import java.nio.ByteBuffer;

/** What both ends of the hub's control channel agree on; docs/protocol.md describes it. */
public final class HubProtocol {

  /** The one version there is. */
  public static final int VERSION = 1;

  /** The path of the WebSocket on the hub's HTTPS port. */
  public static final String PATH = "/signaling";

  /** The path of the relay's WebSocket on the same port. */
  public static final String RELAY_PATH = "/relay";

  /** The largest frame on the relay's WebSocket; larger messages are cut. */
  public static final int RELAY_FRAME_BYTES = 64 * 1024;

  /** The number of bytes of the hub's challenge. */
  public static final int NONCE_BYTES = 32;

  /** The most bytes of a list of revocations in one message. */
  public static final int REVOCATIONS_PAGE_BYTES = 48 * 1024;

  /** The most node ids in one lookup. */
  public static final int MAX_LOOKUP_NODES = 64;

  /** For what a node signs when it logs in. */
  public static final String LOGIN_CONTEXT = "hub login";

  private HubProtocol() {}

  /**
   * What a node signs to log in. The hub's fingerprint is in it so that a hub cannot pass the
   * signature on and be the node at another hub.
   *
   * @param nonce the {@link #NONCE_BYTES} bytes of the challenge
   */
  public static byte[] signedByLogin(
      byte[] nonce,
      HubFingerprint hub,
      MeshId mesh,
      InstanceId instance,
      SealingCertificate certificate) {
    byte[] encoded = certificate.encoded();
    return ByteBuffer.allocate(
            NONCE_BYTES + HubFingerprint.BYTES + MeshId.BYTES + InstanceId.BYTES + encoded.length)
        .put(nonce, 0, NONCE_BYTES)
        .put(hub.bytes())
        .put(mesh.bytes())
        .put(instance.bytes())
        .put(encoded)
        .array();
  }
}
