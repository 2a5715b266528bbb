package dev.godwit.webrtc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.identity.Octets;
import dev.godwit.webrtc.proto.Candidates;
import dev.godwit.webrtc.proto.Refusal;
import dev.godwit.webrtc.proto.WebRtcSignal;
import dev.godwit.wire.Printable;
import java.util.List;

/** A message between two nodes that make a connection, of which every length has been checked. */
sealed interface Signal {
  /** Bytes of a connection's name. */
  int CONNECTION = 16;

  /** Most bytes of a message. */
  int MAX_BYTES = 32 * 1024;

  int MAX_SDP = 16 * 1024;
  int MAX_CANDIDATES = 64;
  int MAX_CANDIDATE = 512;
  int MAX_REASON = 256;
  int SIGNATURE = 64;

  /** Which attempt it is about, 16 bytes. */
  ByteString connection();

  /** What one side of a connection is like, and the proof that it is the sender's. */
  record Description(String sdp, Octets fingerprint, Octets signature) {}

  /** Let us connect. */
  record Offer(ByteString connection, Description description) implements Signal {}

  /** Yes. */
  record Answer(ByteString connection, Description description) implements Signal {}

  /** Where the sender may be reached. */
  record Reachable(ByteString connection, List<Candidate> candidates, boolean complete)
      implements Signal {}

  /** No. */
  record Refused(ByteString connection, String reason) implements Signal {}

  /** A place where a peer may be reached, as ICE writes it. */
  record Candidate(String mid, int line, String sdp) {}

  /**
   * Reads a message.
   *
   * @throws SignalException when it is none
   */
  static Signal parse(byte[] bytes) throws SignalException {
    limit("message", bytes.length, MAX_BYTES);
    WebRtcSignal message;
    try {
      message = WebRtcSignal.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw (SignalException) new SignalException("not a message: " + e.getMessage()).initCause(e);
    }
    ByteString connection = message.getConnection();
    exactly("name of a connection", connection.size(), CONNECTION);
    return switch (message.getBodyCase()) {
      case OFFER -> new Offer(connection, description(message.getOffer()));
      case ANSWER -> new Answer(connection, description(message.getAnswer()));
      case CANDIDATES -> {
        Candidates said = message.getCandidates();
        limit("list of candidates", said.getCandidatesCount(), MAX_CANDIDATES);
        for (var one : said.getCandidatesList()) {
          limit("candidate", one.getSdp().length(), MAX_CANDIDATE);
          limit("media section", one.getMid().length(), MAX_CANDIDATE);
          limit("line", one.getLine(), MAX_CANDIDATE);
        }
        yield new Reachable(
            connection,
            said.getCandidatesList().stream()
                .map(one -> new Candidate(one.getMid(), one.getLine(), one.getSdp()))
                .toList(),
            said.getComplete());
      }
      case REFUSAL -> {
        String reason = message.getRefusal().getReason();
        limit("reason", reason.length(), MAX_REASON);
        yield new Refused(connection, Printable.text(reason));
      }
      case BODY_NOT_SET -> throw new SignalException("a message that says nothing");
    };
  }

  private static Description description(dev.godwit.webrtc.proto.Description said)
      throws SignalException {
    limit("description", said.getSdp().length(), MAX_SDP);
    exactly("fingerprint", said.getFingerprint().size(), FingerprintProof.FINGERPRINT);
    exactly("signature", said.getSignature().size(), SIGNATURE);
    return new Description(
        said.getSdp(),
        Octets.of(said.getFingerprint().toByteArray()),
        Octets.of(said.getSignature().toByteArray()));
  }

  private static void limit(String what, int length, int most) throws SignalException {
    if (length < 0 || length > most) {
      throw new SignalException(
          "a " + what + " of " + Integer.toUnsignedString(length) + ", which is more than " + most);
    }
  }

  private static void exactly(String what, int length, int wanted) throws SignalException {
    if (length != wanted) {
      throw new SignalException("a " + what + " of " + length + " bytes, not " + wanted);
    }
  }

  /** Writes a message. */
  static byte[] encode(Signal signal) {
    WebRtcSignal.Builder message = WebRtcSignal.newBuilder().setConnection(signal.connection());
    switch (signal) {
      case Offer offer -> message.setOffer(proto(offer.description()));
      case Answer answer -> message.setAnswer(proto(answer.description()));
      case Reachable reachable -> {
        Candidates.Builder said = Candidates.newBuilder().setComplete(reachable.complete());
        for (Candidate one : reachable.candidates()) {
          said.addCandidatesBuilder().setMid(one.mid()).setLine(one.line()).setSdp(one.sdp());
        }
        message.setCandidates(said);
      }
      case Refused refused -> {
        String reason = refused.reason();
        message.setRefusal(
            Refusal.newBuilder()
                .setReason(reason.substring(0, Math.min(reason.length(), MAX_REASON))));
      }
    }
    return message.build().toByteArray();
  }

  private static dev.godwit.webrtc.proto.Description proto(Description description) {
    return dev.godwit.webrtc.proto.Description.newBuilder()
        .setSdp(description.sdp())
        .setFingerprint(ByteString.copyFrom(description.fingerprint().toByteArray()))
        .setSignature(ByteString.copyFrom(description.signature().toByteArray()))
        .build();
  }
}
