package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.Revocations;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.RemoteException;
import dev.godwit.signaling.Answer;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.proto.IntroduceRequest;
import dev.godwit.signaling.proto.Signal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds processes of members: the hub knows which are there, and each proves itself that it is of
 * the mesh. Thread-safe.
 */
final class PeerDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(PeerDirectory.class);
  private static final Duration ASK = Duration.ofSeconds(5);

  private final MeshInfo mesh;
  private final Membership own;
  private final MeshAdmission admission;
  private final HubClient hub;
  private final Signaling signaling;

  /**
   * A directory of what is there now; it keeps nothing.
   *
   * @param own what peers are shown
   */
  PeerDirectory(
      MeshInfo mesh, Membership own, MeshAdmission admission, HubClient hub, Signaling signaling) {
    this.mesh = mesh;
    this.own = own;
    this.admission = admission;
    this.hub = hub;
    this.signaling = signaling;
  }

  /**
   * Refuses to go on when this node was revoked.
   *
   * @throws NodeException when it was
   */
  void checkNotRevoked() throws NodeException {
    if (admission.revocations().isRevoked(hub.credentials().node())) {
      throw new NodeException(
          NodeException.Kind.NOT_ALLOWED,
          "This node was revoked: no member of mesh "
              + mesh.name()
              + " talks to it any more. It needs a new identity (another --home) and a new ticket.");
    }
  }

  /**
   * The processes of members that are there right now and proved to be members.
   *
   * @throws NodeException when the hub cannot be reached, or this node was revoked
   */
  List<PeerView> peers() throws IOException {
    return views(introductions(_ -> true));
  }

  private static List<PeerView> views(List<CompletableFuture<Introduction>> asked) {
    List<PeerView> views = new ArrayList<>();
    for (CompletableFuture<Introduction> one : asked) {
      if (one.join() instanceof Introduction.Made made) {
        views.add(made.view());
      }
    }
    return views;
  }

  /** What came of asking a process who it is. */
  private sealed interface Introduction {
    /** It is one of a member. */
    record Made(PeerView view) implements Introduction {}

    /** What it answered does not prove that. */
    record Unproven() implements Introduction {}

    /** It has not answered in time. */
    record Missing() implements Introduction {}
  }

  /** Asks processes who they are, without waiting for what they say. */
  private List<CompletableFuture<Introduction>> introductions(Predicate<PresentInstance> which)
      throws IOException {
    List<PresentInstance> present = Answers.await(hub.whoIsThere(), "The hub");
    // The hub has told of revocations before it answers.
    checkNotRevoked();
    Signal request =
        Signal.newBuilder()
            .setIntroduceRequest(
                IntroduceRequest.newBuilder().setMembership(ByteString.copyFrom(own.encoded())))
            .build();
    List<CompletableFuture<Introduction>> asked = new ArrayList<>();
    for (PresentInstance one : present) {
      if (!one.instance().equals(hub.credentials().instance()) && which.test(one)) {
        asked.add(
            signaling
                .ask(one, request, ASK)
                .handle((answer, failure) -> introduced(one, answer, failure)));
      }
    }
    return asked;
  }

  private Introduction introduced(
      PresentInstance process, @Nullable Answer answer, @Nullable Throwable failure) {
    if (answer == null) {
      LOG.debug("{} did not introduce itself", process.node().shortForm(), failure);
      return new Introduction.Missing();
    }
    if (!answer.signal().hasIntroduceReply()) {
      LOG.debug("{} answered something else", process.node().shortForm());
      return new Introduction.Unproven();
    }
    var reply = answer.signal().getIntroduceReply();
    try {
      if (!reply.getRevocations().isEmpty()) {
        admission.learn(Revocations.parse(reply.getRevocations().toByteArray()));
      }
      var peer = admission.admit(process.node(), reply.getMembership().toByteArray());
      return new Introduction.Made(
          new PeerView(
              process.node(), peer.membership().name(), process, reply.getResourcesList()));
    } catch (RemoteException | MembershipException e) {
      LOG.debug("{} is not a member", process.node().shortForm(), e);
      return new Introduction.Unproven();
    }
  }

  /**
   * The processes of one node, given by its id or its name. When none is found and somebody has not
   * answered, all are asked once more: on a machine that is very busy a process can be late.
   *
   * @throws NodeException when none is there, or the name is not unique
   */
  List<PeerView> find(String node) throws IOException {
    @Nullable NodeId id = id(node);
    Predicate<PresentInstance> which = process -> id == null || process.node().equals(id);
    List<CompletableFuture<Introduction>> asked = introductions(which);
    List<PeerView> found = named(node, id, asked);
    if (found.isEmpty() && missing(asked) > 0) {
      asked = introductions(which);
      found = named(node, id, asked);
    }
    if (found.isEmpty()) {
      throw new NodeException(NodeException.Kind.UNREACHABLE, absence(node, missing(asked)));
    }
    if (found.stream().map(PeerView::id).distinct().count() > 1) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "Several nodes are called '"
              + node
              + "'; use a node id: "
              + found.stream()
                  .map(peer -> peer.id().toString())
                  .distinct()
                  .collect(Collectors.joining(", ")));
    }
    return found;
  }

  private static List<PeerView> named(
      String node, @Nullable NodeId id, List<CompletableFuture<Introduction>> asked) {
    return views(asked).stream()
        .filter(peer -> id != null ? peer.id().equals(id) : peer.name().equals(node))
        .toList();
  }

  private static String absence(String node, int missing) {
    if (missing == 0) {
      return "No node '"
          + node
          + "' is there right now. 'godwit peers' lists who is; on the other machine something"
          + " must be running, for example 'godwit seed'.";
    }
    return "No node '%s' has answered. %s there and did not say who it is: try again in a moment."
        .formatted(node, missing == 1 ? "One process is" : missing + " processes are");
  }

  private static int missing(List<CompletableFuture<Introduction>> asked) {
    return (int) asked.stream().filter(one -> one.join() instanceof Introduction.Missing).count();
  }

  /** Reads a node id; null when it is a name. */
  static @Nullable NodeId id(String text) {
    try {
      return NodeId.parse(text);
    } catch (IllegalArgumentException e) {
      LOG.trace("{} is a name", text, e);
      return null;
    }
  }

  /**
   * The process of {@code node} that offers a resource, as soon as it says so: another process of
   * the node that does not answer costs no time.
   *
   * @throws NodeException when the hub cannot be reached, or no process offers it
   */
  PeerView locate(NodeId node, String resource) throws IOException {
    CompletableFuture<@Nullable PeerView> found = new CompletableFuture<>();
    List<CompletableFuture<Introduction>> asked =
        introductions(process -> process.node().equals(node));
    for (var one : asked) {
      var _ =
          one.thenAccept(
              answer -> {
                if (answer instanceof Introduction.Made(PeerView view)
                    && (resource.isEmpty() || view.offers(resource))) {
                  found.complete(view);
                }
              });
    }
    var _ =
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
            .thenRun(() -> found.complete(null));
    @Nullable PeerView process = found.join();
    if (process == null) {
      throw new NodeException(
          NodeException.Kind.UNREACHABLE,
          resource.isEmpty()
              ? node.shortForm() + " is not there right now."
              : node.shortForm() + " is not there or does not offer '" + resource + "' right now.");
    }
    return process;
  }

  /** The process of a node, given by its id or its name, that offers a resource. */
  PeerView locate(ResourceName name) throws IOException {
    List<PeerView> node = find(name.node());
    for (PeerView process : node) {
      if (process.offers(name.resource())) {
        return process;
      }
    }
    String offered =
        node.stream()
            .flatMap(process -> process.resources().stream())
            .map(resource -> resource.getName())
            .sorted()
            .collect(Collectors.joining(", "));
    throw new NodeException(
        NodeException.Kind.FAILED,
        name.node()
            + " offers no resource '"
            + name.resource()
            + "'"
            + (offered.isEmpty() ? "; it offers none." : "; it offers " + offered + "."));
  }
}
