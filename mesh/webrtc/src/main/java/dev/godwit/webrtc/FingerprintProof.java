package dev.godwit.webrtc;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The proof that a DTLS certificate belongs to a node, for one side of one attempt to connect.
 * {@code docs/webrtc-framing.md} "Proof".
 *
 * @param connection the attempt, 16 bytes
 * @param role of the node that signs
 * @param offerer the node that made the offer
 * @param answerer the node that was asked
 */
record FingerprintProof(Octets connection, Role role, NodeId offerer, NodeId answerer) {
  /** Bytes of a SHA-256 fingerprint. */
  static final int FINGERPRINT = 32;

  private static final String CONTEXT = "godwit webrtc fingerprint 1";
  private static final Pattern LINE =
      Pattern.compile("^a=fingerprint:(\\S+) +(\\S+)\\s*$", Pattern.MULTILINE);
  private static final Pattern MENTION = Pattern.compile("a=fingerprint", Pattern.CASE_INSENSITIVE);
  private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

  private static final byte OFFERER = 0;
  private static final byte ANSWERER = 1;

  /** Who signs. */
  enum Role {
    OFFERER,
    ANSWERER
  }

  private byte[] message(Octets fingerprint) {
    return ByteBuffer.allocate(connection.length() + 1 + 2 * NodeId.BYTES + fingerprint.length())
        .put(connection.toByteArray())
        .put(role == Role.OFFERER ? OFFERER : ANSWERER)
        .put(offerer.bytes())
        .put(answerer.bytes())
        .put(fingerprint.toByteArray())
        .array();
  }

  Octets sign(Identity identity, Octets fingerprint) {
    return Octets.of(identity.sign(CONTEXT, message(fingerprint)));
  }

  /**
   * Checks a description.
   *
   * @throws SignalException when it is not the signer's
   */
  void check(Signal.Description description) throws SignalException {
    NodeId signer = role == Role.OFFERER ? offerer : answerer;
    Octets signed = description.fingerprint();
    if (!Identity.verify(signer, CONTEXT, message(signed), description.signature().toByteArray())) {
      throw new SignalException(
          "the certificate's fingerprint is not signed by " + signer.shortForm());
    }
    List<String> named = named(description.sdp());
    String wanted = "sha-256 " + COLONS.formatHex(signed.toByteArray());
    // The library must not find one where we do not look.
    boolean all = MENTION.matcher(description.sdp()).results().count() == named.size();
    if (named.isEmpty() || !all || !named.stream().allMatch(wanted::equals)) {
      throw new SignalException(
          "the description does not name the fingerprint that " + signer.shortForm() + " signed");
    }
  }

  /** All fingerprints in an SDP, with their algorithms, in small letters. */
  static List<String> named(String sdp) {
    List<String> found = new ArrayList<>();
    Matcher lines = LINE.matcher(sdp);
    while (lines.find()) {
      found.add((lines.group(1) + " " + lines.group(2)).toLowerCase(Locale.ROOT));
    }
    return found;
  }
}
