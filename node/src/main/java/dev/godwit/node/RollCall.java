package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Membership;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.RemoteException;
import dev.godwit.signaling.Answer;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.SignalingException;
import dev.godwit.signaling.proto.IntroduceRequest;
import dev.godwit.signaling.proto.Signal;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks processes that the hub lists who they are. Anybody who knows the mesh's id can be in that
 * list, hundreds of times, and never answer; such entries must not keep members from being found.
 *
 * <p>What is guaranteed, whatever the list holds and in whatever order:
 *
 * <ul>
 *   <li>Processes of nodes that have proved before that they are members are asked at once, before
 *       all others, and have {@link #ASK} to answer. A key of somebody else under the id of such a
 *       node is not asked, nor is a node that was revoked.
 *   <li>Processes of other nodes are asked in an order that nobody can foresee, no faster than the
 *       hub takes it, so that of more than can be asked ({@link #AT_ONCE} and in four seconds 320)
 *       each has the same chance. When members have answered, each of those asked has at least
 *       {@link #QUIET}, and more as long as somebody proves every {@code QUIET} to be a member.
 *   <li>When no member has answered, nothing is cut short: all have {@code ASK}.
 * </ul>
 *
 * <p>So the silence of others can keep a member from being seen only if it takes longer than {@code
 * QUIET} and has never proved itself to this node. Who looks for one in particular learns from the
 * outcome that somebody was {@linkplain Outcome#cutShort cut short}, and asks again without {@link
 * Haste}. An answer that comes later counts the next time. Thread-safe.
 */
final class RollCall {
  private static final Logger LOG = LoggerFactory.getLogger(RollCall.class);

  /** How long a process has to answer. */
  private static final Duration ASK = Duration.ofSeconds(5);

  /** How long to wait for nodes that are not known when nothing has come of it. */
  private static final Duration QUIET = Duration.ofSeconds(1);

  /** So many that are not known are asked at once; a hub takes 200 messages in a burst. */
  private static final int AT_ONCE = 128;

  /** So many more after each {@link #STEP}; a hub takes 100 messages a second. */
  private static final int BY_STEP = 10;

  private static final Duration STEP = Duration.ofMillis(125);

  /** Whoever is not asked by then is left out. */
  private static final int STEPS = 32;

  private final Membership own;
  private final MeshAdmission admission;
  private final Signaling signaling;
  private final KnownMembers known;
  private final PeerDirectory.Pause pause;
  private final InstantSource clock;
  private final SecureRandom random;

  /**
   * Asks in the name of a node.
   *
   * @param own what those who are asked are shown
   * @param pause is made when there are more to ask than the hub takes at once
   */
  RollCall(
      Membership own,
      MeshAdmission admission,
      Signaling signaling,
      KnownMembers known,
      PeerDirectory.Pause pause,
      InstantSource clock,
      SecureRandom random) {
    this.own = own;
    this.admission = admission;
    this.signaling = signaling;
    this.known = known;
    this.pause = pause;
    this.clock = clock;
    this.random = random;
  }

  /** A process and what it says, which comes within {@link #ASK}. */
  record Asked(PresentInstance process, CompletableFuture<Introduction> answer) {}

  /**
   * What came of it.
   *
   * @param members the processes that have proved themselves
   * @param others those that have not
   * @param missing how many of the others have not answered
   * @param cutShort how many of these could have had more time
   */
  record Outcome(List<PeerView> members, List<PresentInstance> others, int missing, int cutShort) {}

  /** How long to wait for nodes that are not known. */
  enum Haste {
    /** Until nothing has come of it for a while. */
    BRIEF,
    /** For everyone its full time. */
    NONE
  }

  /** Asks all at once, without waiting for what they say: for few, such as those of one node. */
  List<Asked> atOnce(Collection<PresentInstance> present) {
    return present.stream().filter(this::isWorthAsking).map(this::ask).toList();
  }

  /** Waits for all. */
  static Outcome awaited(List<Asked> asked) {
    return outcome(asked, asked.stream().map(one -> one.answer().join()).toList(), List.of(), 0);
  }

  /** Asks all, and waits for what they say. */
  Outcome everybody(Collection<PresentInstance> present, Haste haste) throws IOException {
    Line line = line(present);
    List<Asked> patient = line.known().stream().map(this::ask).toList();
    List<Asked> asked = new ArrayList<>(patient);
    int begun = askByAndBy(line.others(), asked);
    for (Asked one : haste == Haste.BRIEF ? patient : asked) {
      var _ = one.answer().join();
    }
    awaitOthers(asked);
    return outcome(
        asked,
        asked.stream().map(one -> one.answer().getNow(new Introduction.Missing())).toList(),
        line.others().subList(begun, line.others().size()),
        (int) asked.stream().filter(one -> !one.answer().isDone()).count());
  }

  /**
   * Who is asked, and in which order.
   *
   * @param known at once, before all others
   */
  record Line(List<PresentInstance> known, List<PresentInstance> others) {}

  /** The order in which those are asked who may be members. */
  Line line(Collection<PresentInstance> present) {
    Set<NodeId> members = known.nodes();
    Map<Boolean, List<PresentInstance>> worth =
        present.stream()
            .filter(this::isWorthAsking)
            .collect(Collectors.partitioningBy(one -> members.contains(one.node())));
    List<PresentInstance> others = new ArrayList<>(worth.getOrDefault(false, List.of()));
    Collections.shuffle(others, random);
    return new Line(worth.getOrDefault(true, List.of()), others);
  }

  /** How many were asked. */
  private int askByAndBy(List<PresentInstance> others, List<Asked> asked) throws IOException {
    int end = Math.min(AT_ONCE, others.size());
    others.subList(0, end).forEach(one -> asked.add(ask(one)));
    for (int step = 0; step < STEPS && end < others.size(); step++) {
      pass();
      int next = Math.min(end + BY_STEP, others.size());
      others.subList(end, next).forEach(one -> asked.add(ask(one)));
      end = next;
    }
    return end;
  }

  private void pass() throws IOException {
    try {
      pause.pass(STEP);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
  }

  private static void awaitOthers(List<Asked> asked) throws IOException {
    CompletableFuture<Void> all =
        CompletableFuture.allOf(
            asked.stream().map(Asked::answer).toArray(CompletableFuture[]::new));
    long before = -1;
    while (!all.isDone()) {
      long now = members(asked);
      // Ends: every question has an end of its own.
      if (now > 0 && now == before) {
        return;
      }
      before = now;
      try {
        var _ = all.get(QUIET.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        LOG.trace("{} members so far", now, e);
      } catch (ExecutionException e) {
        throw new IOException("The members could not be asked: " + e.getMessage(), e);
      } catch (InterruptedException e) {
        throw Interruption.passedOn("interrupted", e);
      }
    }
  }

  private static long members(List<Asked> asked) {
    return asked.stream()
        .filter(one -> one.answer().getNow(new Introduction.Missing()) instanceof Introduction.Made)
        .count();
  }

  private static Outcome outcome(
      List<Asked> asked, List<Introduction> answers, List<PresentInstance> notAsked, int cutShort) {
    List<PeerView> members = new ArrayList<>();
    List<PresentInstance> others = new ArrayList<>(notAsked);
    int missing = notAsked.size();
    for (int i = 0; i < answers.size(); i++) {
      if (answers.get(i) instanceof Introduction.Made made) {
        members.add(made.view());
      } else {
        others.add(asked.get(i).process());
        missing += answers.get(i) instanceof Introduction.Missing ? 1 : 0;
      }
    }
    return new Outcome(members, others, missing, cutShort);
  }

  /** Whether it can be a process of a member at all, as far as that shows without asking. */
  private boolean isWorthAsking(PresentInstance one) {
    if (admission.known().isRevoked(one.node())) {
      return false;
    }
    try {
      var _ = one.verifiedCertificate(clock);
      return true;
    } catch (SignalingException e) {
      LOG.debug("{} is not asked", one.node().shortForm(), e);
      return false;
    }
  }

  private Asked ask(PresentInstance one) {
    return new Asked(one, introduction(one, new ResourcePages()));
  }

  private CompletableFuture<Introduction> introduction(PresentInstance one, ResourcePages pages) {
    Signal request =
        Signal.newBuilder()
            .setIntroduceRequest(
                IntroduceRequest.newBuilder()
                    .setMembership(ByteString.copyFrom(own.encoded()))
                    .setAfter(pages.last()))
            .build();
    return signaling
        .ask(one, request, ASK)
        .handle((answer, failure) -> introduced(one, pages, answer, failure))
        .thenCompose(
            now ->
                now instanceof Introduction.Made && !pages.isComplete()
                    ? introduction(one, pages)
                    : CompletableFuture.completedFuture(now));
  }

  private Introduction introduced(
      PresentInstance process,
      ResourcePages pages,
      @Nullable Answer answer,
      @Nullable Throwable failure) {
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
      known.proved(process.node());
      pages.add(process.node(), reply);
      return new Introduction.Made(
          new PeerView(
              process.node(),
              peer.membership().name(),
              process,
              pages.resources(),
              Octets.of(reply.getPlace().toByteArray())));
    } catch (RemoteException e) {
      LOG.debug("{} is not a member", process.node().shortForm(), e);
      return new Introduction.Unproven();
    }
  }
}
