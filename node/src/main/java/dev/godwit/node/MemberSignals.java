package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.path.CheckToken;
import dev.godwit.seal.InstanceId;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.RemoteException;
import dev.godwit.signaling.SignalHandler;
import dev.godwit.signaling.proto.ConnectReply;
import dev.godwit.signaling.proto.ConnectRequest;
import dev.godwit.signaling.proto.IntroduceRequest;
import dev.godwit.signaling.proto.JoinRefusal;
import dev.godwit.signaling.proto.JoinReply;
import dev.godwit.signaling.proto.JoinRequest;
import dev.godwit.signaling.proto.Signal;
import dev.godwit.signaling.proto.WebRtcMessage;
import dev.godwit.signaling.proto.WebRtcReceipt;
import dev.godwit.ticket.Redemption;
import dev.godwit.ticket.TicketId;
import dev.godwit.ticket.TicketSecret;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what other nodes ask through the hub. Members hear who we are, what we offer and where we
 * can be reached; others hear nothing, unless they show a ticket that this node has issued.
 */
final class MemberSignals implements SignalHandler {
  private static final Logger LOG = LoggerFactory.getLogger(MemberSignals.class);

  /** How long a membership lasts. */
  static final Duration MEMBERSHIP = Duration.ofDays(365);

  private final NodeHome home;
  private final OwnIntroduction self;
  private final MeshAdmission admission;
  private final KnownMembers known;
  private final Transports transports;
  private final Meetings meetings;
  private final OwnCandidates candidates;
  private final InstantSource clock;
  private final SecureRandom random;

  /** Who has shown a membership that was good. */
  private final Set<NodeId> members = ConcurrentHashMap.newKeySet();

  private final List<BiConsumer<TicketId, NodeId>> joinListeners = new CopyOnWriteArrayList<>();

  MemberSignals(
      NodeHome home,
      OwnIntroduction self,
      MeshAdmission admission,
      KnownMembers known,
      Transports transports,
      Meetings meetings,
      OwnCandidates candidates,
      InstantSource clock,
      SecureRandom random) {
    this.home = home;
    this.self = self;
    this.admission = admission;
    this.known = known;
    this.transports = transports;
    this.meetings = meetings;
    this.candidates = candidates;
    this.clock = clock;
    this.random = random;
  }

  /** Calls {@code listener} with the ticket and the node each time that one has joined here. */
  void onJoin(BiConsumer<TicketId, NodeId> listener) {
    joinListeners.add(listener);
  }

  @Override
  public Optional<Signal> answer(NodeId from, InstanceId instance, Signal request) {
    return switch (request.getBodyCase()) {
      case INTRODUCE_REQUEST -> introduce(from, request.getIntroduceRequest());
      case CONNECT_REQUEST -> connect(from, request.getConnectRequest());
      case JOIN_REQUEST -> join(from, request.getJoinRequest());
      case WEBRTC_MESSAGE -> webrtc(from, instance, request.getWebrtcMessage());
      default -> Optional.empty();
    };
  }

  @Override
  public boolean isKnown(NodeId from) {
    return members.contains(from);
  }

  private boolean isMember(NodeId from, ByteString membership) {
    try {
      admission.admit(from, membership.toByteArray());
      members.add(from);
      known.proved(from);
      return true;
    } catch (RemoteException e) {
      members.remove(from);
      LOG.debug("{} asked and is not welcome", from.shortForm(), e);
      return false;
    }
  }

  private Optional<Signal> introduce(NodeId from, IntroduceRequest request) {
    if (!isMember(from, request.getMembership())) {
      return Optional.empty();
    }
    return Optional.of(self.after(request.getAfter()));
  }

  private Optional<Signal> connect(NodeId from, ConnectRequest request) {
    ConnectReply.Builder reply = ConnectReply.newBuilder();
    if (!isMember(from, request.getMembership())) {
      reply.setFailure("this node does not know you as a member of its mesh");
    } else if (request.getCheck().size() != CheckToken.BYTES) {
      reply.setFailure("the request makes no sense");
    } else {
      meetings.begin(from, request);
      reply.addAllCandidates(CandidateMessages.of(candidates.list())).addAllTcp(candidates.tcp());
    }
    return Optional.of(Signal.newBuilder().setConnectReply(reply).build());
  }

  private Optional<Signal> webrtc(NodeId from, InstanceId instance, WebRtcMessage message) {
    if (!isMember(from, message.getMembership())) {
      return Optional.empty();
    }
    transports
        .webrtc()
        .received(from, WebRtcMail.address(instance), message.getMessage().toByteArray());
    return Optional.of(
        Signal.newBuilder().setWebrtcReceipt(WebRtcReceipt.getDefaultInstance()).build());
  }

  private Optional<Signal> join(NodeId from, JoinRequest request) {
    try {
      Optional<MeshKey> key = home.meshKey();
      return key.isEmpty() ? Optional.empty() : Optional.of(join(from, request, key.get()));
    } catch (IOException e) {
      LOG.warn("a join could not be answered: {}", e.toString());
      return Optional.of(refusal("failed", "the inviting node cannot read its files"));
    } catch (IllegalArgumentException e) {
      LOG.debug("a malformed join", e);
      return Optional.of(refusal("malformed", "the request makes no sense"));
    }
  }

  private Signal join(NodeId from, JoinRequest request, MeshKey key) throws IOException {
    if (admission.known().isRevoked(from)) {
      return refusal("revoked", "this node was revoked; it needs a new identity to come back");
    }
    Redemption redemption =
        home.tickets()
            .redeem(
                TicketId.of(request.getTicketId().toByteArray()),
                TicketSecret.of(request.getSecret().toByteArray()),
                from,
                clock.instant());
    return switch (redemption) {
      case Redemption.Accepted accepted
          when new MemberNames(home).isOfAnother(accepted.name(), from, clock.instant()) ->
          refusal(
              "name-taken", "another machine has joined as '" + accepted.name() + "' meanwhile");
      case Redemption.Accepted accepted -> {
        Membership membership =
            Membership.issue(
                key, from, accepted.name(), accepted.grants(), clock, MEMBERSHIP, random);
        home.admitted(membership);
        LOG.info("{} joined as {}", from.shortForm(), accepted.name());
        TicketId ticket = TicketId.of(request.getTicketId().toByteArray());
        joinListeners.forEach(listener -> listener.accept(ticket, from));
        yield Signal.newBuilder()
            .setJoinReply(
                JoinReply.newBuilder().setMembership(ByteString.copyFrom(membership.encoded())))
            .build();
      }
      case Redemption.Refused refused ->
          refusal(
              refused.reason().name().toLowerCase(Locale.ROOT),
              switch (refused.reason()) {
                case USED -> "the ticket was used already";
                case EXPIRED -> "the ticket has expired";
                case REVOKED -> "the ticket was taken back";
                case UNKNOWN, WRONG_SECRET -> "the ticket is not one of this node";
              });
    };
  }

  private static Signal refusal(String code, String reason) {
    return Signal.newBuilder()
        .setJoinReply(
            JoinReply.newBuilder()
                .setRefusal(JoinRefusal.newBuilder().setCode(code).setReason(reason)))
        .build();
  }
}
