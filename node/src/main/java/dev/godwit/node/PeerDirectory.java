package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.node.RollCall.Haste;
import dev.godwit.seal.InstanceId;
import dev.godwit.session.MeshAdmission;
import dev.godwit.signaling.Attendance;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

  /** How long to look for a node when somebody may be back in a moment. */
  static final Duration LOOKING = Duration.ofSeconds(5);

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

  private final MeshInfo mesh;
  private final MeshAdmission admission;
  private final HubClient hub;
  private final RollCall roll;
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
   * @param roll asks those who are there
   * @param steady nanoseconds of a clock that nobody sets
   * @param pause is made before looking again
   */
  PeerDirectory(
      MeshInfo mesh,
      MeshAdmission admission,
      HubClient hub,
      RollCall roll,
      LongSupplier steady,
      Pause pause) {
    this.mesh = mesh;
    this.admission = admission;
    this.hub = hub;
    this.roll = roll;
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
    return roll.everybody(there(_ -> true).present(), Haste.BRIEF).members();
  }

  /**
   * The other processes that prove to have the identity of this one, on this machine or elsewhere.
   *
   * @throws NodeException when the hub cannot be reached, or this node was revoked
   */
  List<PeerView> own() throws IOException {
    return RollCall.awaited(roll.atOnce(of(hub.credentials().node()))).members();
  }

  /** The other processes that the hub lists. */
  private Attendance there(Predicate<PresentInstance> which) throws IOException {
    Attendance attendance = Answers.await(hub.attendance(), "The hub");
    // At the login they were compared with the hub's.
    checkNotRevoked();
    return new Attendance(
        attendance.present().stream()
            .filter(one -> !one.instance().equals(hub.credentials().instance()))
            .filter(which)
            .toList(),
        attendance.outlook());
  }

  private List<PresentInstance> of(NodeId node) throws IOException {
    return there(process -> process.node().equals(node)).present();
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
    Search search = new Search(node);
    Look look = search.look(Haste.BRIEF);
    if (look.isInDoubt(wanted)) {
      look = search.look(Haste.NONE);
    }
    // From here on: waiting for a late answer leaves time for its process to come back.
    long end = steady.getAsLong() + LOOKING.toNanos();
    while (look.found().stream().noneMatch(wanted)
        && look.outlook() == Attendance.Outlook.UNSETTLED
        && steady.getAsLong() - end < 0) {
      pause();
      look = search.lookForMore();
    }
    if (look.found().isEmpty()) {
      throw new NodeException(NodeException.Kind.UNREACHABLE, absence(node, look.missing()));
    }
    List<NodeId> ids = look.found().stream().map(PeerView::id).distinct().toList();
    if (ids.size() > 1) {
      throw MemberNames.ambiguous(node, ids, "godwit peers");
    }
    return look.found();
  }

  /**
   * One look at who is there.
   *
   * @param found the processes of the node that is looked for
   * @param missing how many processes have not answered
   * @param cutShort how many of these could have had more time
   */
  private record Look(List<PeerView> found, int missing, int cutShort, Attendance.Outlook outlook) {
    /** Whether one of those who have not answered may be the one. */
    boolean isInDoubt(Predicate<PeerView> wanted) {
      return found.isEmpty() ? missing > 0 : cutShort > 0 && found.stream().noneMatch(wanted);
    }
  }

  /** Looks for a node. */
  private final class Search {
    private final String node;
    private final @Nullable NodeId id;

    /** Who has not proved to be a member. */
    private final Set<Login> strangers = new HashSet<>();

    /**
     * @param node its id or its name
     */
    Search(String node) {
      this.node = node;
      this.id = id(node);
    }

    Look look(Haste haste) throws IOException {
      return look(haste, _ -> true);
    }

    /** Whoever was asked in vain is not asked again, unless it can be nobody else. */
    Look lookForMore() throws IOException {
      return look(Haste.BRIEF, one -> !strangers.contains(Login.of(one)));
    }

    private Look look(Haste haste, Predicate<PresentInstance> which) throws IOException {
      @Nullable NodeId only = id;
      if (only != null) {
        Attendance there = there(process -> process.node().equals(only));
        RollCall.Outcome outcome = RollCall.awaited(roll.atOnce(there.present()));
        return new Look(outcome.members(), outcome.missing(), 0, there.outlook());
      }
      Attendance there = there(which);
      RollCall.Outcome outcome = roll.everybody(there.present(), haste);
      outcome.others().stream().map(Login::of).forEach(strangers::add);
      return new Look(
          outcome.members().stream().filter(peer -> peer.name().equals(node)).toList(),
          outcome.missing(),
          outcome.cutShort(),
          there.outlook());
    }
  }

  /** A process and when it has logged in. */
  private record Login(InstanceId process, Instant since) {
    static Login of(PresentInstance one) {
      return new Login(one.instance(), one.since());
    }
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
        roll.atOnce(of(node)).stream().map(RollCall.Asked::answer).toList();
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
