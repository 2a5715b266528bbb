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
import dev.godwit.signaling.proto.FetchRevocations;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Lookup;
import dev.godwit.signaling.proto.LookupReply;
import dev.godwit.signaling.proto.Pong;
import dev.godwit.signaling.proto.PublishReport;
import dev.godwit.signaling.proto.PublishRevocations;
import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.signaling.proto.RevocationsPage;
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
  private final RevocationIntake intake;

  /**
   * A router.
   *
   * @param intake where lists of revocations that come in pages are put together
   */
  Router(Presence presence, RevocationBoard revocations, RevocationIntake intake) {
    this.presence = presence;
    this.revocations = revocations;
    this.intake = intake;
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
      case FETCH_REVOCATIONS -> fetch(from, message.getFetchRevocations());
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
      case FETCH_REVOCATIONS -> message.getFetchRevocations().getSequence();
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
    int there = 0;
    for (Member receiver : presence.of(to)) {
      if (instance.isEmpty() || instance.get().equals(receiver.login().instance())) {
        there++;
        if (receiver.outlet().deliver(from.login().node(), delivery) == Outlet.Offer.TAKEN) {
          delivered++;
        }
      }
    }
    RouteReport.Builder report =
        RouteReport.newBuilder().setSequence(route.getSequence()).setDelivered(delivered);
    if (delivered == 0) {
      report.setReason(
          "The node "
              + to.shortForm()
              + (there == 0 ? " is not logged in." : " does not take what it is sent."));
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

  private void publish(Member from, PublishRevocations page) {
    long version = revocations.version(from.login().mesh());
    if (page.getVersion() <= version) {
      // It is known, and no more of it need come.
      report(from, page.getSequence(), version);
      return;
    }
    switch (intake.take(from, page)) {
      case RevocationIntake.Taken.Unfinished _ -> report(from, page.getSequence(), version);
      case RevocationIntake.Taken.Whole(ByteString encoded) ->
          post(from, page.getSequence(), encoded);
      case RevocationIntake.Taken.Unfit(String why) ->
          badRevocations(from, page.getSequence(), why);
    }
  }

  private void post(Member from, long sequence, ByteString encoded) {
    Revocations list;
    try {
      list = Revocations.parse(encoded.toByteArray());
    } catch (MembershipException e) {
      badRevocations(from, sequence, String.valueOf(e.getMessage()));
      return;
    }
    if (!list.mesh().equals(from.login().mesh())) {
      badRevocations(
          from, sequence, "The list of revocations is that of another mesh than the login.");
      return;
    }
    if (revocations.post(list) == RevocationBoard.Change.NEWER) {
      presence.broadcast(
          list.mesh(),
          FromHub.newBuilder()
              .setRevocations(RevocationsUpdate.newBuilder().setVersion(list.version()))
              .build());
    }
    report(from, sequence, revocations.version(list.mesh()));
  }

  private static void badRevocations(Member from, long sequence, String why) {
    fail(from, sequence, RefusalCode.REFUSAL_CODE_BAD_REVOCATIONS, why, Duration.ZERO);
  }

  private static void report(Member to, long sequence, long version) {
    to.outlet()
        .send(
            FromHub.newBuilder()
                .setPublishReport(
                    PublishReport.newBuilder().setSequence(sequence).setVersion(version))
                .build());
  }

  private void fetch(Member from, FetchRevocations asked) {
    RevocationBoard.Page page =
        revocations.page(
            from.login().mesh(), asked.getOffset(), HubProtocol.REVOCATIONS_PAGE_BYTES);
    from.outlet()
        .send(
            FromHub.newBuilder()
                .setRevocationsPage(
                    RevocationsPage.newBuilder()
                        .setSequence(asked.getSequence())
                        .setVersion(page.version())
                        .setTotal(page.total())
                        .setPage(page.bytes()))
                .build());
  }

  /** A node is gone. */
  void left(Member member) {
    intake.left(member);
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
