package dev.godwit.webrtc;

/**
 * A STUN or TURN server.
 *
 * @param url as in RFC 7064 and 7065, such as {@code stun:192.0.2.1:3478} or {@code
 *     turn:hub.example.org:3478?transport=udp}
 * @param username for TURN, else empty
 * @param password for TURN, else empty
 */
public record IceServer(String url, String username, String password) {

  /** A STUN server, which needs no credentials. */
  public static IceServer stun(String url) {
    return new IceServer(url, "", "");
  }

  /** Without the password. */
  @Override
  public String toString() {
    return username.isEmpty() ? url : url + " as " + username;
  }
}
