package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Membership;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.RemoteException;
import dev.godwit.signaling.Answer;
import dev.godwit.signaling.Attendance;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.proto.IntroduceRequest;
import dev.godwit.signaling.proto.OfferedResource;
import dev.godwit.signaling.proto.Signal;
import dev.godwit.stream.Interruption;
import dev.godwit.wire.Printable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
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

  /** How long to look for a node when somebody may be back in a moment. */
  static final Duration LOOKING = Duration.ofSeconds(5);

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

  private final MeshInfo mesh;
  private final Membership own;
  private final MeshAdmission admission;
  private final HubClient hub;
  private final Signaling signaling;
  private final LongSupplier steady;
  private final Pause pause;

  /** Lets some time pass. */
  @FunctionalInterface
  interface Pause {
    void pass(Duration time) throws InterruptedException;
  }

  /**
   * A directory of what is there now; it keeps nothing.
   *
   * @param own what peers are shown
   * @param steady nanoseconds of a clock that nobody sets
   * @param pause is made before looking again
   */
  PeerDirectory(
      MeshInfo mesh,
      Membership own,
      MeshAdmission admission,
      HubClient hub,
      Signaling signaling,
      LongSupplier steady,
      Pause pause) {
    this.mesh = mesh;
    this.own = own;
    this.admission = admission;
    this.hub = hub;
    this.signaling = signaling;
    this.steady = steady;
    this.pause = pause;
  }

  /**
   * Refuses to go on when this node was revoked.
   *
   * @throws NodeException when it was
   */
  void checkNotRevoked() throws NodeException {
    if (admission.known().isRevoked(hub.credentials().node())) {
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
    return views(look(_ -> true).asked());
  }

  /**
   * The other processes that prove to have the identity of this one, on this machine or elsewhere.
   *
   * @throws NodeException when the hub cannot be reached, or this node was revoked
   */
  List<PeerView> own() throws IOException {
    return views(look(process -> process.node().equals(hub.credentials().node())).asked());
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

  /**
   * One look at who is there.
   *
   * @param asked what comes of asking each process
   */
  private record Look(List<CompletableFuture<Introduction>> asked, Attendance.Outlook outlook) {
    int missing() {
      return (int) asked.stream().filter(one -> one.join() instanceof Introduction.Missing).count();
    }
  }

  /** Asks processes who they are, without waiting for what they say. */
  private Look look(Predicate<PresentInstance> which) throws IOException {
    Attendance attendance = Answers.await(hub.attendance(), "The hub");
    // At the login they were compared with the hub's.
    checkNotRevoked();
    Signal request =
        Signal.newBuilder()
            .setIntroduceRequest(
                IntroduceRequest.newBuilder().setMembership(ByteString.copyFrom(own.encoded())))
            .build();
    List<CompletableFuture<Introduction>> asked = new ArrayList<>();
    for (PresentInstance one : attendance.present()) {
      if (!one.instance().equals(hub.credentials().instance()) && which.test(one)) {
        asked.add(
            signaling
                .ask(one, request, ASK)
                .handle((answer, failure) -> introduced(one, answer, failure)));
      }
    }
    return new Look(asked, attendance.outlook());
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
      var peer = admission.admit(process.node(), reply.getMembership().toByteArray());
      return new Introduction.Made(
          new PeerView(
              process.node(),
              peer.membership().name(),
              process,
              presentable(reply.getResourcesList()),
              Octets.of(reply.getPlace().toByteArray())));
    } catch (RemoteException e) {
      LOG.debug("{} is not a member", process.node().shortForm(), e);
      return new Introduction.Unproven();
    }
  }

  /** What may be shown, and asked for, of what a member says that it offers. */
  static List<OfferedResource> presentable(List<OfferedResource> resources) {
    return resources.stream()
        .filter(resource -> ResourceName.isName(resource.getName()))
        .map(resource -> resource.toBuilder().setState(Printable.text(resource.getState())).build())
        .toList();
  }

  /**
   * The processes of one node, given by its id or its name. When none is found and somebody has not
   * answered, all are asked once more: on a machine that is very busy a process can be late. When
   * none is found and the hub says that somebody may be back in a moment, they are looked for until
   * {@link #LOOKING} is over: the connection of a process to the hub can break and be made anew.
   *
   * @throws NodeException when none is there, or the name is not unique
   */
  List<PeerView> find(String node) throws IOException {
    return find(node, _ -> true);
  }

  /** As {@link #find(String)}, and looks for one that is wanted as long as for any. */
  private List<PeerView> find(String node, Predicate<PeerView> wanted) throws IOException {
    @Nullable NodeId id = id(node);
    Predicate<PresentInstance> which = process -> id == null || process.node().equals(id);
    Look look = look(which);
    List<PeerView> found = named(node, id, look);
    if (found.isEmpty() && look.missing() > 0) {
      look = look(which);
      found = named(node, id, look);
    }
    // From here on: waiting for a late answer leaves time for its process to come back.
    long end = steady.getAsLong() + LOOKING.toNanos();
    while (found.stream().noneMatch(wanted)
        && look.outlook() == Attendance.Outlook.UNSETTLED
        && steady.getAsLong() - end < 0) {
      pause();
      look = look(which);
      found = named(node, id, look);
    }
    if (found.isEmpty()) {
      throw new NodeException(NodeException.Kind.UNREACHABLE, absence(node, look.missing()));
    }
    List<NodeId> ids = found.stream().map(PeerView::id).distinct().toList();
    if (ids.size() > 1) {
      throw MemberNames.ambiguous(node, ids, "godwit peers");
    }
    return found;
  }

  /**
   * What to say of several who offer the same under one name: one must not be taken for another.
   */
  private static String ambiguity(ResourceName name, List<PeerView> owners) {
    return owners.stream().map(PeerView::place).distinct().count() > 1
        ? name
            + " is offered from several places with the same identity, so which of them is meant"
            + " cannot be known. "
            + Twins.advice()
        : "Several processes of "
            + name.node()
            + " offer '"
            + name.resource()
            + "', so which is meant cannot be known. End all but one of them there.";
  }

  private void pause() throws IOException {
    try {
      pause.pass(BETWEEN_LOOKS);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
  }

  private static List<PeerView> named(String node, @Nullable NodeId id, Look look) {
    return views(look.asked()).stream()
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
        look(process -> process.node().equals(node)).asked();
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
    List<PeerView> node = find(name.node(), process -> process.offers(name.resource()));
    List<PeerView> owners =
        node.stream().filter(process -> process.offers(name.resource())).toList();
    if (owners.size() > 1) {
      throw new NodeException(NodeException.Kind.FAILED, ambiguity(name, owners));
    }
    if (!owners.isEmpty()) {
      return owners.getFirst();
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
