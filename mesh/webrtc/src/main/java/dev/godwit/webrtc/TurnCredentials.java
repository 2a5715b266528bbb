package dev.godwit.webrtc;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Credentials for a TURN server that stop working by themselves; the server shares a secret with
 * whoever makes them (coturn's {@code use-auth-secret}, draft-uberti-behave-turn-rest-00). HMAC
 * with SHA-1 is what those servers compute.
 *
 * @param username when they expire, in seconds since 1970, and for whom they are
 * @param password what proves that the owner of the secret made them
 */
public record TurnCredentials(String username, String password) {
  private static final String HMAC = "HmacSHA1";

  /**
   * Makes credentials.
   *
   * @param name for whom, for the server's log
   */
  public static TurnCredentials until(Instant expiry, String name, String secret) {
    String username = expiry.getEpochSecond() + ":" + name;
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), HMAC));
      byte[] proof = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      return new TurnCredentials(username, Base64.getEncoder().encodeToString(proof));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + HMAC, e);
    }
  }

  /** The server with these credentials. */
  public IceServer at(String url) {
    return new IceServer(url, username, password);
  }

  /** Without the password. */
  @Override
  public String toString() {
    return username;
  }
}
