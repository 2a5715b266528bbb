package dev.godwit.signaling;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.MessageId;
import dev.godwit.seal.ReplayWindow;
import dev.godwit.seal.ReplayWindow.Standing;
import dev.godwit.seal.SealException;
import dev.godwit.seal.SealedBox;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.SignalingException.Reason;
import dev.godwit.signaling.proto.NoAnswer;
import dev.godwit.signaling.proto.Signal;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Questions and answers between nodes through a hub that can neither read nor forge them. Every
 * message is sealed to one process, whose key is proven to be the intended node's before anything
 * is sent, and opened at most once.
 *
 * <p>Thread-safe. Futures complete on virtual threads.
 */
public final class Signaling implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Signaling.class);

  /** How far the clocks of two nodes may be apart. */
  private static final Duration REPLAY_WINDOW = Duration.ofMinutes(5);

  private static final int REPLAY_CAPACITY = 64 * 1024;
  private static final int CONCURRENT_OPENINGS = 256;
  private static final int CONCURRENT_ANSWERS = 64;

  /** For those who are not known there is one part in so many. */
  private static final int STRANGERS = 4;

  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);

  private final HubClient hub;
  private final SignalHandler handler;
  private final Identity identity;
  private final Credentials credentials;
  private final InstantSource clock;
  private final SecureRandom random;
  private final ReplayWindow replays;
  private final Room known = new Room(CONCURRENT_OPENINGS, CONCURRENT_ANSWERS);
  private final Room strangers =
      new Room(CONCURRENT_OPENINGS / STRANGERS, CONCURRENT_ANSWERS / STRANGERS);
  private final Map<MessageId, Question> questions = new ConcurrentHashMap<>();

  /** How many questions each node has been asked that it has not answered. */
  private final Map<NodeId, Integer> asked = new ConcurrentHashMap<>();

  private final ExecutorService executor =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("signaling-", 0).factory());

  /**
   * How much may be done at once for a kind of senders.
   *
   * @param opening messages that are being opened
   * @param answering questions that are being answered
   */
  private record Room(Semaphore opening, Semaphore answering) {
    Room(int openings, int answers) {
      this(new Semaphore(openings), new Semaphore(answers));
    }
  }

  /** What one process was asked. */
  private record Question(PresentInstance asked, CompletableFuture<Answer> answer) {}

  /**
   * Starts to answer and to ask.
   *
   * @param hub carries the messages; it is not closed with this
   * @param handler answers what others ask
   */
  public Signaling(HubClient hub, SignalHandler handler, InstantSource clock, SecureRandom random) {
    this.hub = hub;
    this.handler = handler;
    this.credentials = hub.credentials();
    this.identity = credentials.identity();
    this.clock = clock;
    this.random = random;
    this.replays = new ReplayWindow(clock, REPLAY_WINDOW, REPLAY_CAPACITY);
    hub.onDelivery(this::delivered);
  }

  // ---- asking ----------------------------------------------------------------------------------

  /**
   * Asks a node. When no instance is given, all of its processes are asked and the first positive
   * reply counts, or else the first negative one.
   *
   * @param request a request body; id and certificate are filled in
   * @return fails with {@link SignalingException} or {@link HubException}
   */
  public CompletableFuture<Signal> ask(
      NodeId to, Optional<InstanceId> instance, Signal request, Duration timeout) {
    return bounded(
            hub.lookup(to)
                .thenCompose(
                    present -> {
                      List<PresentInstance> asked =
                          present.stream()
                              .filter(one -> one.node().equals(to))
                              .filter(
                                  one ->
                                      instance.isEmpty() || instance.get().equals(one.instance()))
                              .toList();
                      return askEach(asked, request, timeout, "The node " + to.shortForm());
                    }),
            timeout,
            to.shortForm())
        .thenApply(Answer::signal);
  }

  /**
   * Asks several nodes at once; the first positive reply counts, or else the first negative one.
   *
   * @param nodes at most {@link HubProtocol#MAX_LOOKUP_NODES}
   * @return fails as {@link #ask} does, when no node replied at all
   */
  public CompletableFuture<Answer> askAll(
      Collection<NodeId> nodes, Signal request, Duration timeout) {
    return bounded(
        hub.lookup(nodes.toArray(new NodeId[0]))
            .thenCompose(
                present -> {
                  List<PresentInstance> asked =
                      present.stream()
                          .filter(one -> nodes.contains(one.node()))
                          .filter(one -> !isMe(one))
                          .toList();
                  return askEach(asked, request, timeout, "None of the nodes");
                }),
        timeout,
        nodes.size() + " nodes");
  }

  /** Asks one process that is already known, for example from {@link HubClient#whoIsThere}. */
  public CompletableFuture<Answer> ask(PresentInstance to, Signal request, Duration timeout) {
    return bounded(question(to, request, timeout), timeout, to.node().shortForm());
  }

  private boolean isMe(PresentInstance one) {
    return one.node().equals(credentials.node()) && one.instance().equals(credentials.instance());
  }

  private CompletableFuture<Answer> askEach(
      List<PresentInstance> asked, Signal request, Duration timeout, String whom) {
    if (asked.isEmpty()) {
      return CompletableFuture.failedFuture(
          new SignalingException(
              Reason.NOT_PRESENT,
              whom + " is not logged in at the hub " + hub.hub().hostAndPort() + " now."));
    }
    CompletableFuture<Answer> best = new CompletableFuture<>();
    AtomicInteger open = new AtomicInteger(asked.size());
    AtomicReference<@Nullable Answer> negative = new AtomicReference<>();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    for (PresentInstance one : asked) {
      var _ =
          question(one, request, timeout)
              .whenComplete(
                  (answer, trouble) -> {
                    if (answer != null && answer.isPositive()) {
                      best.complete(answer);
                    } else if (answer != null) {
                      negative.compareAndSet(null, answer);
                    } else if (trouble != null) {
                      failure.compareAndSet(null, unwrapped(trouble));
                    }
                    if (open.decrementAndGet() == 0) {
                      finish(best, negative.get(), failure.get());
                    }
                  });
    }
    return best;
  }

  private static void finish(
      CompletableFuture<Answer> best, @Nullable Answer negative, @Nullable Throwable failure) {
    if (negative != null) {
      best.complete(negative);
    } else if (failure != null) {
      best.completeExceptionally(failure);
    }
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private CompletableFuture<Answer> question(PresentInstance to, Signal request, Duration timeout) {
    MessageId id = MessageId.random(random);
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    byte[] box;
    try {
      box = sealed(to.verifiedCertificate(clock), withReturnAddress(request, id, timeout));
    } catch (SignalingException e) {
      return CompletableFuture.failedFuture(e);
    }
    questions.put(id, new Question(to, answer));
    asked.merge(to.node(), 1, Integer::sum);
    var _ =
        hub.route(to.node(), Optional.of(to.instance()), box)
            .whenComplete(
                (delivered, failure) -> {
                  if (failure != null) {
                    answer.completeExceptionally(unwrapped(failure));
                  } else if (delivered == 0) {
                    answer.completeExceptionally(
                        new SignalingException(
                            Reason.NOT_PRESENT,
                            "The node " + to.node().shortForm() + " has just left the hub."));
                  }
                });
    return bounded(answer, timeout, to.node().shortForm())
        .whenComplete((given, failure) -> answered(id, to.node()));
  }

  private void answered(MessageId id, NodeId node) {
    questions.remove(id);
    var _ = asked.computeIfPresent(node, (_, count) -> count == 1 ? null : count - 1);
  }

  private Signal withReturnAddress(Signal request, MessageId id, Duration timeout) {
    Instant notAfter = clock.instant().plus(timeout).plus(REPLAY_WINDOW);
    SealingCertificate mine =
        credentials.sealingKey().certificate(identity, credentials.instance(), notAfter);
    return request.toBuilder()
        .setId(ByteString.copyFrom(id.bytes()))
        .setSealingCertificate(ByteString.copyFrom(mine.encoded()))
        .build();
  }

  private byte[] sealed(SealingCertificate to, Signal signal) throws SignalingException {
    try {
      return SealedBox.seal(to, identity, signal.toByteArray(), clock, random);
    } catch (SealException e) {
      throw new SignalingException(
          Reason.UNSENDABLE, "The message cannot be sealed: " + e.getMessage(), e);
    }
  }

  private <T> CompletableFuture<T> bounded(
      CompletableFuture<T> work, Duration timeout, String whom) {
    CompletableFuture<T> outcome = new CompletableFuture<>();
    var _ =
        work.copy()
            .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete(
                (value, failure) ->
                    later(
                        () -> {
                          if (failure == null) {
                            outcome.complete(value);
                          } else {
                            outcome.completeExceptionally(explained(failure, timeout, whom));
                          }
                        }));
    return outcome;
  }

  private static Throwable explained(Throwable failure, Duration timeout, String whom) {
    return switch (unwrapped(failure)) {
      case TimeoutException late ->
          new SignalingException(
              Reason.TIMEOUT,
              "No answer from " + whom + " within " + timeout.toMillis() + " ms.",
              late);
      case Throwable other -> other;
    };
  }

  private void later(Runnable completion) {
    try {
      executor.execute(completion);
    } catch (RejectedExecutionException closing) {
      LOG.debug("Completed while closing", closing);
      completion.run();
    }
  }

  // ---- what arrives ----------------------------------------------------------------------------

  /** Called on the thread that reads from the hub: everything that takes time goes elsewhere. */
  private void delivered(SealedDelivery delivery) {
    Standing standing =
        asked.containsKey(delivery.from()) || handler.isKnown(delivery.from())
            ? Standing.KNOWN
            : Standing.STRANGER;
    Room room =
        switch (standing) {
          case KNOWN -> known;
          case STRANGER -> strangers;
        };
    if (!room.opening().tryAcquire()) {
      LOG.debug("Dropped a message from {}: too many at once", delivery.from().shortForm());
      return;
    }
    try {
      executor.execute(
          () -> {
            Optional<Arrival> arrival;
            try {
              arrival = opened(delivery, standing);
            } finally {
              room.opening().release();
            }
            arrival.ifPresent(one -> received(one, room));
          });
    } catch (RejectedExecutionException closing) {
      LOG.debug("Dropped while closing", closing);
      room.opening().release();
    }
  }

  /** A message whose sender is proven. */
  private record Arrival(NodeId sender, MessageId id, Signal signal) {}

  private Optional<Arrival> opened(SealedDelivery delivery, Standing standing) {
    try {
      SealedBox.Opened opened =
          SealedBox.open(
              credentials.sealingKey(), credentials.node(), delivery.box().toByteArray());
      if (!opened.sender().equals(delivery.from())) {
        LOG.warn(
            "Dropped a message of {} that the hub says is from {}",
            opened.sender().shortForm(),
            delivery.from().shortForm());
        return Optional.empty();
      }
      ReplayWindow.Verdict verdict = replays.admit(opened, standing);
      if (verdict != ReplayWindow.Verdict.FRESH) {
        LOG.atLevel(verdict == ReplayWindow.Verdict.REPEATED ? Level.DEBUG : Level.INFO)
            .log(
                "Dropped a message of {} sent at {}: {}",
                opened.sender().shortForm(),
                opened.sentAt(),
                verdict);
        return Optional.empty();
      }
      Signal signal = Signal.parseFrom(opened.body());
      MessageId id = MessageId.of(signal.getId().toByteArray());
      return Optional.of(new Arrival(opened.sender(), id, signal));
    } catch (SealException | InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.debug(
          "Dropped a message that is said to be from {}: {}",
          delivery.from().shortForm(),
          e.getMessage());
      return Optional.empty();
    }
  }

  private void received(Arrival arrival, Room room) {
    switch (arrival.signal.getBodyCase()) {
      case INTRODUCE_REPLY, CONNECT_REPLY, JOIN_REPLY, WEBRTC_RECEIPT, NO_ANSWER ->
          replied(arrival.sender, arrival.id, arrival.signal);
      // A request, maybe one that only later versions know.
      default -> {
        if (room.answering().tryAcquire()) {
          try {
            asked(arrival.sender, arrival.id, arrival.signal);
          } finally {
            room.answering().release();
          }
        } else {
          LOG.debug("Dropped a question of {}: too many at once", arrival.sender.shortForm());
        }
      }
    }
  }

  private void replied(NodeId sender, MessageId id, Signal reply) {
    Question question = questions.get(id);
    if (question == null || !question.asked.node().equals(sender)) {
      LOG.debug("Dropped a reply of {} that nobody waits for", sender.shortForm());
      return;
    }
    if (reply.hasNoAnswer()) {
      question.answer.completeExceptionally(
          new SignalingException(
              Reason.NO_ANSWER,
              "The node " + sender.shortForm() + " does not answer this kind of question."));
    } else {
      question.answer.complete(new Answer(sender, question.asked.instance(), reply));
    }
  }

  private void asked(NodeId sender, MessageId id, Signal request) {
    SealingCertificate replyTo;
    try {
      replyTo = SealingCertificate.parse(request.getSealingCertificate().toByteArray());
      replyTo.verify(sender, clock);
    } catch (SealException e) {
      LOG.debug("Dropped a question of {}: {}", sender.shortForm(), e.getMessage());
      return;
    }
    Optional<Signal> answer = Optional.empty();
    try {
      answer = handler.answer(sender, replyTo.instance(), request);
    } catch (RuntimeException e) {
      LOG.error("Answering {} failed", sender.shortForm(), e);
    }
    Signal reply =
        answer
            .map(Signal::toBuilder)
            .orElseGet(() -> Signal.newBuilder().setNoAnswer(NoAnswer.getDefaultInstance()))
            .setId(ByteString.copyFrom(id.bytes()))
            .clearSealingCertificate()
            .build();
    byte[] box;
    try {
      box = sealed(replyTo, reply);
    } catch (SignalingException e) {
      LOG.error("The reply to {} cannot be sent", sender.shortForm(), e);
      return;
    }
    try {
      // Waits, so that closing waits too.
      int _ =
          hub.route(sender, Optional.of(replyTo.instance()), box)
              .get(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      LOG.warn("The reply to {} was not sent: {}", sender.shortForm(), unwrapped(e).getMessage());
    } catch (TimeoutException e) {
      LOG.warn("The hub does not say whether it got the reply to {}", sender.shortForm(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Stops answering; what this side has asked and is still unanswered fails. Answers that are being
   * made are still given, for some seconds. The hub client stays open.
   */
  @Override
  public void close() {
    for (MessageId id : List.copyOf(questions.keySet())) {
      Question question = questions.remove(id);
      if (question != null) {
        question.answer.completeExceptionally(
            new SignalingException(Reason.CLOSED, "Signaling was closed."));
      }
    }
    executor.shutdown();
    try {
      if (!executor.awaitTermination(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        executor.shutdownNow();
        LOG.warn(
            "Some answers take long to end: {} open",
            CONCURRENT_ANSWERS - known.answering().availablePermits());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
