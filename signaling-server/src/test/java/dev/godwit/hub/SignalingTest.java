package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealException;
import dev.godwit.seal.SealedBox;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Answer;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.SignalHandler;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.SignalingException;
import dev.godwit.signaling.proto.Candidate;
import dev.godwit.signaling.proto.ConnectReply;
import dev.godwit.signaling.proto.ConnectRequest;
import dev.godwit.signaling.proto.Instance;
import dev.godwit.signaling.proto.JoinRefusal;
import dev.godwit.signaling.proto.JoinReply;
import dev.godwit.signaling.proto.JoinRequest;
import dev.godwit.signaling.proto.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SignalingTest {

  private static final SignalHandler SILENT = (from, instance, request) -> Optional.empty();
  private static final Duration SHORT = Duration.ofSeconds(2);

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private static Signal connectTo(String resource) {
    return Signal.newBuilder()
        .setConnectRequest(ConnectRequest.newBuilder().setResource(resource))
        .build();
  }

  private static Signal reachable(String... addresses) {
    ConnectReply.Builder reply = ConnectReply.newBuilder();
    for (String address : addresses) {
      reply.addCandidates(Candidate.newBuilder().setAddress(address));
    }
    return Signal.newBuilder().setConnectReply(reply).build();
  }

  private static Signal failed(String why) {
    return Signal.newBuilder().setConnectReply(ConnectReply.newBuilder().setFailure(why)).build();
  }

  private static SignalHandler always(Signal reply) {
    return (from, instance, request) -> Optional.of(reply);
  }

  private static SignalingException refusal(ThrowingAsk ask) {
    ExecutionException failed = assertThrows(ExecutionException.class, ask::run);
    return assertThrows(
        SignalingException.class,
        () -> {
          throw failed.getCause();
        });
  }

  /** Something that asks and waits. */
  @FunctionalInterface
  private interface ThrowingAsk {
    void run() throws Exception;
  }

  @Test
  void aNodeAnswersAndKnowsWhoAsks() throws Exception {
    Hub hub = fixture.hub();
    HubClient asking = fixture.client(hub);
    HubClient asked = fixture.client(hub);
    fixture.signaling(
        asked,
        (from, instance, request) ->
            Optional.of(
                reachable(
                    from.toString(),
                    instance.toString(),
                    request.getConnectRequest().getResource())));
    Signal reply =
        Fixture.get(
            fixture
                .signaling(asking, SILENT)
                .ask(
                    asked.credentials().node(),
                    Optional.empty(),
                    connectTo("disk"),
                    Fixture.PATIENCE));
    assertEquals(
        List.of(
            asking.credentials().node().toString(),
            asking.credentials().instance().toString(),
            "disk"),
        reply.getConnectReply().getCandidatesList().stream().map(Candidate::getAddress).toList());
  }

  @Test
  void aLargeAnswerArrives() throws Exception {
    Hub hub = fixture.hub();
    HubClient asked = fixture.client(hub);
    String large = "x".repeat(60_000);
    fixture.signaling(asked, always(reachable(large)));
    Signal reply =
        Fixture.get(
            fixture
                .signaling(fixture.client(hub), SILENT)
                .ask(
                    asked.credentials().node(), Optional.empty(), connectTo(""), Fixture.PATIENCE));
    assertEquals(large, reply.getConnectReply().getCandidates(0).getAddress());
  }

  @Test
  void thePositiveAnswerOfSeveralInstancesCounts() throws Exception {
    Hub hub = fixture.hub();
    Identity node = fixture.identity();
    HubClient mute = fixture.client(hub, node);
    HubClient unable = fixture.client(hub, node);
    HubClient able = fixture.client(hub, node);
    fixture.signaling(mute, SILENT);
    fixture.signaling(unable, always(failed("not here")));
    fixture.signaling(able, always(reachable("yes")));
    Signaling asking = fixture.signaling(fixture.client(hub), SILENT);
    Signal reply =
        Fixture.get(asking.ask(node.id(), Optional.empty(), connectTo("disk"), Fixture.PATIENCE));
    assertEquals(reachable("yes").getConnectReply(), reply.getConnectReply());
    Signal fromOne =
        Fixture.get(
            asking.ask(
                node.id(),
                Optional.of(unable.credentials().instance()),
                connectTo("disk"),
                Fixture.PATIENCE));
    assertEquals("not here", fromOne.getConnectReply().getFailure());
  }

  @Test
  void theFirstPositiveAnswerOfSeveralNodesCounts() throws Exception {
    Hub hub = fixture.hub();
    HubClient unable = fixture.client(hub);
    HubClient able = fixture.client(hub);
    fixture.signaling(unable, always(failed("not here")));
    fixture.signaling(able, always(reachable("yes")));
    HubClient me = fixture.client(hub);
    Answer answer =
        Fixture.get(
            fixture
                .signaling(me, SILENT)
                .askAll(
                    List.of(
                        unable.credentials().node(),
                        able.credentials().node(),
                        me.credentials().node(),
                        fixture.identity().id()),
                    connectTo("disk"),
                    Fixture.PATIENCE));
    assertEquals(able.credentials().node(), answer.from());
    assertEquals(able.credentials().instance(), answer.instance());
  }

  @Test
  void aRefusedJoinIsAnAnswerButNotAPositiveOne() throws Exception {
    Hub hub = fixture.hub();
    HubClient asked = fixture.client(hub);
    Signal refused =
        Signal.newBuilder()
            .setJoinReply(
                JoinReply.newBuilder().setRefusal(JoinRefusal.newBuilder().setCode("used")))
            .build();
    fixture.signaling(asked, always(refused));
    Answer answer =
        Fixture.get(
            fixture
                .signaling(fixture.client(hub), SILENT)
                .askAll(
                    List.of(asked.credentials().node()),
                    Signal.newBuilder()
                        .setJoinRequest(
                            JoinRequest.newBuilder().setSecret(ByteString.copyFromUtf8("secret")))
                        .build(),
                    Fixture.PATIENCE));
    assertEquals("used", answer.signal().getJoinReply().getRefusal().getCode());
    assertTrue(!answer.isPositive());
  }

  @Test
  void aNodeThatIsNotThereIsNamed() throws Exception {
    Hub hub = fixture.hub();
    NodeId nobody = fixture.identity().id();
    Signaling asking = fixture.signaling(fixture.client(hub), SILENT);
    SignalingException refusal =
        refusal(
            () ->
                Fixture.get(asking.ask(nobody, Optional.empty(), connectTo(""), Fixture.PATIENCE)));
    assertEquals(SignalingException.Reason.NOT_PRESENT, refusal.reason());
    assertTrue(String.valueOf(refusal.getMessage()).contains(nobody.shortForm()));
  }

  @Test
  void aHandlerWithoutAnAnswerSaysSoAtOnce() throws Exception {
    Hub hub = fixture.hub();
    HubClient asked = fixture.client(hub);
    fixture.signaling(asked, SILENT);
    Signaling asking = fixture.signaling(fixture.client(hub), SILENT);
    assertEquals(
        SignalingException.Reason.NO_ANSWER,
        refusal(
                () ->
                    Fixture.get(
                        asking.ask(
                            asked.credentials().node(),
                            Optional.empty(),
                            connectTo(""),
                            Fixture.PATIENCE)))
            .reason());
  }

  @Test
  void aHandlerThatFailsDoesNotHurtTheNextQuestion() throws Exception {
    Hub hub = fixture.hub();
    HubClient asked = fixture.client(hub);
    AtomicInteger calls = new AtomicInteger();
    fixture.signaling(
        asked,
        (from, instance, request) -> {
          if (calls.incrementAndGet() == 1) {
            throw new IllegalStateException("on purpose");
          }
          return Optional.of(reachable("yes"));
        });
    Signaling asking = fixture.signaling(fixture.client(hub), SILENT);
    NodeId node = asked.credentials().node();
    assertEquals(
        SignalingException.Reason.NO_ANSWER,
        refusal(
                () ->
                    Fixture.get(
                        asking.ask(node, Optional.empty(), connectTo(""), Fixture.PATIENCE)))
            .reason());
    assertTrue(
        Fixture.get(asking.ask(node, Optional.empty(), connectTo(""), Fixture.PATIENCE))
            .hasConnectReply());
  }

  @Test
  void anAnswerThatIsBeingMadeIsGivenBeforeClosing() throws Exception {
    Hub hub = fixture.hub();
    HubClient asked = fixture.client(hub);
    CompletableFuture<Signaling> answering = new CompletableFuture<>();
    answering.complete(
        fixture.signaling(
            asked,
            (from, instance, request) -> {
              Thread closing = Thread.ofPlatform().start(() -> answering.join().close());
              while (closing.getState() != Thread.State.TIMED_WAITING && closing.isAlive()) {
                Thread.onSpinWait();
              }
              return Optional.of(
                  Thread.currentThread().isInterrupted()
                      ? failed("interrupted")
                      : reachable("before the end"));
            }));
    Signal reply =
        Fixture.get(
            fixture
                .signaling(fixture.client(hub), SILENT)
                .ask(
                    asked.credentials().node(), Optional.empty(), connectTo(""), Fixture.PATIENCE));
    assertEquals(reachable("before the end").getConnectReply(), reply.getConnectReply());
  }

  @Test
  void aReplyOfAnotherNodeThanTheOneAskedDoesNotCount() throws Exception {
    Hub hub = fixture.hub();
    HubClient asking = fixture.client(hub);
    HubClient asked = fixture.client(hub);
    HubClient intruder = fixture.client(hub);
    fixture.signaling(
        asked,
        (from, instance, request) -> {
          // The asked node even tells the intruder the number of the question.
          try {
            PresentInstance to = Fixture.get(intruder.lookup(from)).getFirst();
            byte[] forged =
                SealedBox.seal(
                    to.certificate(),
                    intruder.credentials().identity(),
                    reachable("intruder").toBuilder().setId(request.getId()).build().toByteArray(),
                    fixture.clock,
                    fixture.random);
            Fixture.get(intruder.route(from, Optional.empty(), forged));
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          return Optional.of(reachable("asked"));
        });
    Signal reply =
        Fixture.get(
            fixture
                .signaling(asking, SILENT)
                .ask(
                    asked.credentials().node(), Optional.empty(), connectTo(""), Fixture.PATIENCE));
    assertEquals("asked", reply.getConnectReply().getCandidates(0).getAddress());
  }

  /** Keeps strangers waiting, and answers those whom it knows. */
  private static final class Slow implements SignalHandler {
    private final NodeId stranger;
    private final AtomicInteger questions = new AtomicInteger();
    private final CountDownLatch goOn = new CountDownLatch(1);

    Slow(NodeId stranger) {
      this.stranger = stranger;
    }

    @Override
    public boolean isKnown(NodeId from) {
      return !from.equals(stranger);
    }

    @Override
    public Optional<Signal> answer(NodeId from, InstanceId instance, Signal request) {
      if (!isKnown(from)) {
        questions.incrementAndGet();
        try {
          boolean _ = goOn.await(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return Optional.of(reachable("yes"));
    }
  }

  @Test
  void whatStrangersAskTakesNoRoomAwayFromThoseWhoAreKnown() throws Exception {
    Hub hub = fixture.hub();
    HubClient asked = fixture.client(hub);
    HubClient mallorys = fixture.client(hub);
    Slow handler = new Slow(mallorys.credentials().node());
    fixture.signaling(asked, handler);
    Signaling bob = fixture.signaling(fixture.client(hub), SILENT);
    Signaling mallory = fixture.signaling(mallorys, SILENT);
    NodeId node = asked.credentials().node();
    List<CompletableFuture<Signal>> waiting = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      waiting.add(mallory.ask(node, Optional.empty(), connectTo(""), Fixture.PATIENCE));
    }
    Fixture.until(() -> handler.questions.get() == 16);
    assertEquals(
        SignalingException.Reason.TIMEOUT,
        refusal(() -> Fixture.get(mallory.ask(node, Optional.empty(), connectTo(""), SHORT)))
            .reason());
    assertEquals(16, handler.questions.get());
    assertTrue(
        Fixture.get(bob.ask(node, Optional.empty(), connectTo(""), Fixture.PATIENCE))
            .hasConnectReply());
    handler.goOn.countDown();
    for (CompletableFuture<Signal> one : waiting) {
      assertTrue(Fixture.get(one).hasConnectReply());
    }
    assertTrue(
        Fixture.get(mallory.ask(node, Optional.empty(), connectTo(""), Fixture.PATIENCE))
            .hasConnectReply());
    assertEquals(17, handler.questions.get());
  }

  // ---- a hub that lies -------------------------------------------------------------------------

  private HostileHub hostile(HostileHub.Lies lies) throws Exception {
    return fixture.closing(new HostileHub(fixture.certificate, lies));
  }

  private HubClient online(HubAddress hub, Credentials who) throws Exception {
    HubClient client = fixture.client(hub, who);
    client.awaitOnline(Fixture.PATIENCE);
    return client;
  }

  private void assertSwappedKeyIsRefused(UnaryOperator<Instance> swap) throws Exception {
    HostileHub hub = hostile(new HostileHub.Lies(swap, UnaryOperator.identity(), 1));
    ConcurrentLinkedQueue<Signal> heard = new ConcurrentLinkedQueue<>();
    HubClient asked = online(hub.address(), fixture.credentials(fixture.identity()));
    fixture.signaling(
        asked,
        (from, instance, request) -> {
          heard.add(request);
          return Optional.of(reachable("yes"));
        });
    Signaling asking =
        fixture.signaling(online(hub.address(), fixture.credentials(fixture.identity())), SILENT);
    SignalingException refusal =
        refusal(
            () ->
                Fixture.get(
                    asking.ask(
                        asked.credentials().node(),
                        Optional.empty(),
                        connectTo(""),
                        Fixture.PATIENCE)));
    assertEquals(SignalingException.Reason.FORGED, refusal.reason(), refusal::getMessage);
    assertEquals(List.of(), List.copyOf(heard));
  }

  @Test
  void aHubThatPresentsItsOwnKeyIsFoundOut() throws Exception {
    Identity hub = fixture.identity();
    SealingKey itsKey = SealingKey.generate(fixture.random);
    assertSwappedKeyIsRefused(
        instance ->
            instance.toBuilder()
                .setSealingCertificate(
                    ByteString.copyFrom(
                        itsKey
                            .certificate(
                                hub,
                                InstanceId.of(instance.getInstance().toByteArray()),
                                Instant.now().plus(Duration.ofHours(1)))
                            .encoded()))
                .build());
  }

  @Test
  void aHubThatPutsItsKeyIntoTheCertificateIsFoundOut() throws Exception {
    SealingCertificate its =
        SealingKey.generate(fixture.random)
            .certificate(
                fixture.identity(),
                InstanceId.random(fixture.random),
                Instant.now().plus(Duration.ofHours(1)));
    assertSwappedKeyIsRefused(
        instance -> {
          try {
            byte[] encoded = instance.getSealingCertificate().toByteArray();
            byte[] honest = SealingCertificate.parse(encoded).publicKey().toByteArray();
            HexFormat hex = HexFormat.of();
            int at = hex.formatHex(encoded).indexOf(hex.formatHex(honest)) / 2;
            System.arraycopy(its.publicKey().toByteArray(), 0, encoded, at, honest.length);
            return instance.toBuilder().setSealingCertificate(ByteString.copyFrom(encoded)).build();
          } catch (SealException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void aHubThatPresentsAnotherNodeIsFoundOut() throws Exception {
    Credentials itsNode = fixture.credentials(fixture.identity());
    HostileHub hub =
        hostile(
            new HostileHub.Lies(
                instance ->
                    instance.toBuilder()
                        .setNode(ByteString.copyFrom(itsNode.node().bytes()))
                        .setInstance(ByteString.copyFrom(itsNode.instance().bytes()))
                        .setSealingCertificate(
                            ByteString.copyFrom(
                                itsNode
                                    .sealingKey()
                                    .certificate(
                                        itsNode.identity(),
                                        itsNode.instance(),
                                        Instant.now().plus(Duration.ofHours(1)))
                                    .encoded()))
                        .build(),
                UnaryOperator.identity(),
                1));
    HubClient asked = online(hub.address(), fixture.credentials(fixture.identity()));
    Signaling asking =
        fixture.signaling(online(hub.address(), fixture.credentials(fixture.identity())), SILENT);
    assertEquals(
        SignalingException.Reason.NOT_PRESENT,
        refusal(
                () ->
                    Fixture.get(
                        asking.ask(
                            asked.credentials().node(),
                            Optional.empty(),
                            connectTo(""),
                            Fixture.PATIENCE)))
            .reason());
  }

  @Test
  void aBoxThatTheHubDeliversAgainIsIgnored() throws Exception {
    HostileHub hub =
        hostile(new HostileHub.Lies(UnaryOperator.identity(), UnaryOperator.identity(), 3));
    AtomicInteger calls = new AtomicInteger();
    HubClient asked = online(hub.address(), fixture.credentials(fixture.identity()));
    fixture.signaling(
        asked,
        (from, instance, request) -> {
          calls.incrementAndGet();
          return Optional.of(reachable("yes"));
        });
    Signaling asking =
        fixture.signaling(online(hub.address(), fixture.credentials(fixture.identity())), SILENT);
    int questions = 30;
    for (int i = 0; i < questions; i++) {
      Fixture.get(
          asking.ask(
              asked.credentials().node(), Optional.empty(), connectTo(""), Fixture.PATIENCE));
    }
    assertEquals(questions, calls.get());
  }

  @Test
  void aBoxThatTheHubSaysIsFromSomebodyElseIsDropped() throws Exception {
    NodeId somebody = fixture.identity().id();
    HostileHub hub =
        hostile(
            new HostileHub.Lies(
                UnaryOperator.identity(),
                delivery ->
                    delivery.toBuilder().setFromNode(ByteString.copyFrom(somebody.bytes())).build(),
                1));
    AtomicInteger calls = new AtomicInteger();
    HubClient asked = online(hub.address(), fixture.credentials(fixture.identity()));
    fixture.signaling(
        asked,
        (from, instance, request) -> {
          calls.incrementAndGet();
          return Optional.of(reachable("yes"));
        });
    Signaling asking =
        fixture.signaling(online(hub.address(), fixture.credentials(fixture.identity())), SILENT);
    assertEquals(
        SignalingException.Reason.TIMEOUT,
        refusal(
                () ->
                    Fixture.get(
                        asking.ask(
                            asked.credentials().node(), Optional.empty(), connectTo(""), SHORT)))
            .reason());
    assertEquals(0, calls.get());
  }

  @Test
  void aHubThatBabblesIsLeftAndTriedAgain() throws Exception {
    HostileHub hub =
        hostile(new HostileHub.Lies(UnaryOperator.identity(), UnaryOperator.identity(), 1));
    HubClient client = online(hub.address(), fixture.credentials(fixture.identity()));
    BlockingQueue<HubState> states = new LinkedBlockingQueue<>();
    client.onState(states::add);
    hub.babble(new byte[] {(byte) 0xFF, (byte) 0xFF, 1});
    Fixture.awaitOffline(states);
    Fixture.awaitOnline(states);
  }
}
