package dev.godwit.webrtc;

import java.net.InetAddress;
import java.util.Locale;

/** Which candidates are worth telling or trying. */
final class CandidateFilter {
  private static final int ADDRESS = 4;

  private CandidateFilter() {}

  /**
   * Whether a candidate (RFC 8839, section 5.1) names an address that another machine may reach:
   * neither a loopback address nor a name, which only multicast DNS would know.
   */
  static boolean accepts(String candidate) {
    String[] words = candidate.strip().split(" +", -1);
    if (words.length <= ADDRESS || !words[0].toLowerCase(Locale.ROOT).startsWith("candidate:")) {
      return false;
    }
    try {
      InetAddress address = InetAddress.ofLiteral(words[ADDRESS]);
      return !address.isLoopbackAddress()
          && !address.isAnyLocalAddress()
          && !address.isMulticastAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
