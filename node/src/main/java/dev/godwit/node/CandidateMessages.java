package dev.godwit.node;

import dev.godwit.path.AddressText;
import dev.godwit.path.Candidate;
import dev.godwit.path.Checks;
import dev.godwit.signaling.proto.CandidateKind;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Candidates as they travel in sealed messages. */
final class CandidateMessages {
  private static final Logger LOG = LoggerFactory.getLogger(CandidateMessages.class);

  private CandidateMessages() {}

  static List<dev.godwit.signaling.proto.Candidate> of(List<Candidate> candidates) {
    return candidates.stream()
        .map(
            candidate ->
                dev.godwit.signaling.proto.Candidate.newBuilder()
                    .setKind(
                        candidate.kind() == Candidate.Kind.HOST
                            ? CandidateKind.CANDIDATE_KIND_HOST
                            : CandidateKind.CANDIDATE_KIND_REFLEXIVE)
                    .setAddress(AddressText.format(candidate.address()))
                    .build())
        .toList();
  }

  /** What a peer sent; what makes no sense in it is left out, and so is what is too much. */
  static List<Candidate> parse(List<dev.godwit.signaling.proto.Candidate> messages) {
    List<Candidate> candidates = new ArrayList<>();
    for (var message : messages.subList(0, Math.min(messages.size(), Checks.MAX_CANDIDATES))) {
      try {
        candidates.add(
            new Candidate(
                message.getKind() == CandidateKind.CANDIDATE_KIND_HOST
                    ? Candidate.Kind.HOST
                    : Candidate.Kind.REFLEXIVE,
                AddressText.parse(message.getAddress())));
      } catch (IllegalArgumentException e) {
        LOG.debug("a candidate makes no sense", e);
      }
    }
    return candidates;
  }
}
