package dev.godwit.hub;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealedBox;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.proto.Delivery;
import dev.godwit.signaling.proto.Failure;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Lookup;
import dev.godwit.signaling.proto.LookupReply;
import dev.godwit.signaling.proto.Pong;
import dev.godwit.signaling.proto.PublishReport;
import dev.godwit.signaling.proto.PublishRevocations;
import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.signaling.proto.RevocationsUpdate;
import dev.godwit.signaling.proto.Route;
import dev.godwit.signaling.proto.RouteReport;
import dev.godwit.signaling.proto.ToHub;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Does what logged-in nodes ask for. Safe for use by many event loops. */
final class Router {

  /** Keeps one part of a long list well below the size limit of a message. */
  private static final int INSTANCES_PER_REPLY = 100;

  private final Presence presence;
  private final RevocationBoard revocations;

  Router(Presence presence, RevocationBoard revocations) {
    this.presence = presence;
    this.revocations = revocations;
  }

  /**
   * Serves one message.
   *
   * @return whether the node keeps to its rate
   * @throws Refused when the connection is to be closed
   */
  Rate received(Member from, ToHub message) throws Refused {
    Optional<Duration> wait = from.messages().take();
    if (wait.isPresent()) {
      fail(
          from,
          sequence(message),
          RefusalCode.REFUSAL_CODE_TOO_MANY_MESSAGES,
          "The node sends too many messages.",
          wait.get());
      return Rate.EXCEEDED;
    }
    switch (message.getMessageCase()) {
      case LOGIN ->
          throw new Refused(RefusalCode.REFUSAL_CODE_MALFORMED, "This is the second login.");
      case ROUTE -> route(from, message.getRoute());
      case LOOKUP -> lookup(from, message.getLookup());
      case WHO_IS_THERE -> whoIsThere(from, message.getWhoIsThere().getSequence());
      case PUBLISH_REVOCATIONS -> publish(from, message.getPublishRevocations());
      case PING ->
          from.outlet()
              .send(
                  FromHub.newBuilder()
                      .setPong(Pong.newBuilder().setId(message.getPing().getId()))
                      .build());
      case PONG -> {
        // That something came is all it is for.
      }
      case MESSAGE_NOT_SET -> {
        if (message.getUnknownFields().asMap().isEmpty()) {
          throw new Refused(RefusalCode.REFUSAL_CODE_MALFORMED, "The message is empty.");
        }
        fail(
            from,
            0,
            RefusalCode.REFUSAL_CODE_UNKNOWN_MESSAGE,
            "This hub does not know the message.",
            Duration.ZERO);
      }
    }
    return Rate.KEPT;
  }

  /** Whether a node sends more than it may. */
  enum Rate {
    /** It does not. */
    KEPT,
    /** The message had no effect. */
    EXCEEDED
  }

  private static long sequence(ToHub message) {
    return switch (message.getMessageCase()) {
      case ROUTE -> message.getRoute().getSequence();
      case LOOKUP -> message.getLookup().getSequence();
      case WHO_IS_THERE -> message.getWhoIsThere().getSequence();
      case PUBLISH_REVOCATIONS -> message.getPublishRevocations().getSequence();
      default -> 0;
    };
  }

  private void route(Member from, Route route) throws Refused {
    NodeId to = node(route.getToNode());
    Optional<InstanceId> instance =
        route.getToInstance().isEmpty()
            ? Optional.empty()
            : Optional.of(instance(route.getToInstance()));
    if (route.getBox().isEmpty() || route.getBox().size() > SealedBox.MAX_BOX_BYTES) {
      fail(
          from,
          route.getSequence(),
          RefusalCode.REFUSAL_CODE_TOO_LARGE,
          "A box has 1 to " + SealedBox.MAX_BOX_BYTES + " bytes, not " + route.getBox().size(),
          Duration.ZERO);
      return;
    }
    byte[] delivery =
        FromHub.newBuilder()
            .setDelivery(
                Delivery.newBuilder()
                    .setFromNode(ByteString.copyFrom(from.login().node().bytes()))
                    .setFromInstance(ByteString.copyFrom(from.login().instance().bytes()))
                    .setBox(route.getBox()))
            .build()
            .toByteArray();
    int delivered = 0;
    for (Member receiver : presence.of(to)) {
      if ((instance.isEmpty() || instance.get().equals(receiver.login().instance()))
          && receiver.outlet().send(delivery) == Outlet.Offer.TAKEN) {
        delivered++;
      }
    }
    RouteReport.Builder report =
        RouteReport.newBuilder().setSequence(route.getSequence()).setDelivered(delivered);
    if (delivered == 0) {
      report.setReason("The node " + to.shortForm() + " is not logged in.");
    }
    from.outlet().send(FromHub.newBuilder().setRouteReport(report).build());
  }

  private void lookup(Member from, Lookup lookup) throws Refused {
    if (lookup.getNodesCount() > HubProtocol.MAX_LOOKUP_NODES) {
      fail(
          from,
          lookup.getSequence(),
          RefusalCode.REFUSAL_CODE_TOO_LARGE,
          "At most " + HubProtocol.MAX_LOOKUP_NODES + " nodes can be looked up at once.",
          Duration.ZERO);
      return;
    }
    List<Member> found = new ArrayList<>();
    for (ByteString node : lookup.getNodesList()) {
      found.addAll(presence.of(node(node)));
    }
    list(from, found, LookupReply.newBuilder().setSequence(lookup.getSequence()));
  }

  private void whoIsThere(Member from, long sequence) {
    MeshId mesh = from.login().mesh();
    List<Member> members = presence.of(mesh);
    // Asked after the list was made, so that it tells of everybody who is missing there.
    boolean unsettled = !presence.isSettled(mesh);
    list(from, members, LookupReply.newBuilder().setSequence(sequence).setUnsettled(unsettled));
  }

  private static void list(Member to, List<Member> members, LookupReply.Builder part) {
    int start = 0;
    do {
      int end = Math.min(members.size(), start + INSTANCES_PER_REPLY);
      LookupReply.Builder reply = part.clone().setMore(end < members.size());
      members.subList(start, end).forEach(member -> reply.addInstances(member.toInstance()));
      to.outlet().send(FromHub.newBuilder().setLookupReply(reply).build());
      start = end;
    } while (start < members.size());
  }

  private void publish(Member from, PublishRevocations published) {
    Revocations list;
    try {
      list = Revocations.parse(published.getRevocations().toByteArray());
    } catch (MembershipException e) {
      fail(
          from,
          published.getSequence(),
          RefusalCode.REFUSAL_CODE_BAD_REVOCATIONS,
          String.valueOf(e.getMessage()),
          Duration.ZERO);
      return;
    }
    if (!list.mesh().equals(from.login().mesh())) {
      fail(
          from,
          published.getSequence(),
          RefusalCode.REFUSAL_CODE_BAD_REVOCATIONS,
          "The list of revocations is that of another mesh than the login.",
          Duration.ZERO);
      return;
    }
    if (revocations.post(list) == RevocationBoard.Change.NEWER) {
      presence.broadcast(list.mesh(), update(published.getRevocations()));
    }
    from.outlet()
        .send(
            FromHub.newBuilder()
                .setPublishReport(
                    PublishReport.newBuilder()
                        .setSequence(published.getSequence())
                        .setVersion(revocations.version(list.mesh())))
                .build());
  }

  /** What a node hears right after its login. */
  void welcomed(Member member) {
    revocations
        .newest(member.login().mesh())
        .ifPresent(
            encoded -> member.outlet().send(update(ByteString.copyFrom(encoded.toByteArray()))));
  }

  private static FromHub update(ByteString encoded) {
    return FromHub.newBuilder()
        .setRevocations(RevocationsUpdate.newBuilder().setRevocations(encoded))
        .build();
  }

  private static void fail(
      Member to, long sequence, RefusalCode code, String sentence, Duration retryAfter) {
    to.outlet()
        .send(
            FromHub.newBuilder()
                .setFailure(
                    Failure.newBuilder()
                        .setSequence(sequence)
                        .setCode(code)
                        .setReason(sentence)
                        .setRetryAfterSeconds(Refused.secondsUp(retryAfter)))
                .build());
  }

  private static NodeId node(ByteString bytes) throws Refused {
    try {
      return NodeId.of(bytes.toByteArray());
    } catch (IllegalArgumentException e) {
      throw new Refused(RefusalCode.REFUSAL_CODE_MALFORMED, String.valueOf(e.getMessage()));
    }
  }

  private static InstanceId instance(ByteString bytes) throws Refused {
    try {
      return InstanceId.of(bytes.toByteArray());
    } catch (IllegalArgumentException e) {
      throw new Refused(RefusalCode.REFUSAL_CODE_MALFORMED, String.valueOf(e.getMessage()));
    }
  }
}
