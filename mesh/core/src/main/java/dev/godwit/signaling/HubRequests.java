package dev.godwit.signaling;

import dev.godwit.signaling.HubException.Reason;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Instance;
import dev.godwit.signaling.proto.LookupReply;
import dev.godwit.signaling.proto.ToHub;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Matches what the hub answers to what it was asked: each request has a number of its own, and
 * fails when the hub refuses it, when the connection is lost, or when there is no answer in time.
 * Thread-safe.
 */
final class HubRequests {
  private static final Logger LOG = LoggerFactory.getLogger(HubRequests.class);

  /** A hub serves fewer; a longer list comes from one that never ends it. */
  private static final int MAX_LISTED_INSTANCES = 65_536;

  private final Duration timeout;
  private final Executor executor;
  private final Supplier<HubException> offline;
  private final AtomicLong sequence = new AtomicLong();
  private final Map<Long, Pending> pending = new ConcurrentHashMap<>();

  /** The link on which the hub said welcome, while it lasts. */
  private volatile @Nullable HubLink online;

  /** Makes a request with this number. */
  @FunctionalInterface
  interface Request {
    ToHub with(long sequence);
  }

  /**
   * The whole answer to a question.
   *
   * @param instances those of all parts of a list
   * @param last the answer, or the last part of it
   */
  record Reply(List<PresentInstance> instances, FromHub last) {}

  /** Something that was asked; the parts of a list arrive one after another. */
  private static final class Pending {
    private final CompletableFuture<FromHub> answer = new CompletableFuture<>();
    private final List<PresentInstance> instances = new ArrayList<>();
  }

  /**
   * Requests to a hub that is not there yet.
   *
   * @param timeout for each answer
   * @param executor completes futures, so that who waits for them may block
   * @param offline says why there is no connection
   */
  HubRequests(Duration timeout, Executor executor, Supplier<HubException> offline) {
    this.timeout = timeout;
    this.executor = executor;
    this.offline = offline;
  }

  /** Sends requests on this link from now on; null when there is none. */
  void use(@Nullable HubLink link) {
    online = link;
  }

  /** The link that requests are sent on; null when there is none. */
  @Nullable HubLink link() {
    return online;
  }

  /** A number that no other message of this client has. */
  long nextSequence() {
    return sequence.incrementAndGet();
  }

  /** Asks the hub; the future fails with {@link HubException}. */
  CompletableFuture<FromHub> ask(Request request) {
    return askAll(request).thenApply(Reply::last);
  }

  /** As {@link #ask}, where the answer is a list that may come in parts. */
  CompletableFuture<Reply> askAll(Request request) {
    long id = nextSequence();
    Pending asked = new Pending();
    pending.put(id, asked);
    try {
      HubLink link = online;
      if (link == null) {
        throw offline.get();
      }
      link.send(request.with(id));
    } catch (HubException e) {
      asked.answer.completeExceptionally(e);
    }
    CompletableFuture<Reply> outcome = new CompletableFuture<>();
    var _ =
        asked
            .answer
            .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete(
                (message, failure) -> {
                  pending.remove(id);
                  later(() -> settle(outcome, asked, message, failure));
                });
    return outcome;
  }

  private void settle(
      CompletableFuture<Reply> outcome,
      Pending asked,
      @Nullable FromHub message,
      @Nullable Throwable failure) {
    if (message != null) {
      outcome.complete(new Reply(List.copyOf(asked.instances), message));
    } else if (failure instanceof TimeoutException late) {
      outcome.completeExceptionally(
          new HubException(
              Reason.TIMEOUT,
              "The hub did not answer within " + timeout.toMillis() + " ms.",
              late));
    } else if (failure != null) {
      outcome.completeExceptionally(failure);
    }
  }

  /** Completes futures where those who wait for them may block. */
  private void later(Runnable completion) {
    try {
      executor.execute(completion);
    } catch (RejectedExecutionException closing) {
      LOG.debug("Completed while closing", closing);
      completion.run();
    }
  }

  /**
   * Takes a message if it is an answer.
   *
   * @return whether it is one
   * @throws HubException when the hub breaks the protocol
   */
  Use take(FromHub message) throws HubException {
    switch (message.getMessageCase()) {
      case ROUTE_REPORT -> answered(message.getRouteReport().getSequence(), message);
      case PUBLISH_REPORT -> answered(message.getPublishReport().getSequence(), message);
      case REVOCATIONS_PAGE -> answered(message.getRevocationsPage().getSequence(), message);
      case LOOKUP_REPLY -> listed(message.getLookupReply(), message);
      case FAILURE -> refused(message);
      default -> {
        return Use.NONE;
      }
    }
    return Use.TAKEN;
  }

  /** Whether a message was for whom it was shown to. */
  enum Use {
    TAKEN,
    NONE
  }

  private void answered(long id, FromHub message) {
    Pending asked = pending.remove(id);
    if (asked != null) {
      asked.answer.complete(message);
    }
  }

  private void listed(LookupReply reply, FromHub message) throws HubException {
    Pending asked = pending.get(reply.getSequence());
    if (asked == null) {
      return;
    }
    if (asked.instances.size() + reply.getInstancesCount() > MAX_LISTED_INSTANCES) {
      throw new HubException(
          Reason.PROTOCOL,
          "The hub's list of instances has more than " + MAX_LISTED_INSTANCES + " of them.");
    }
    for (Instance instance : reply.getInstancesList()) {
      asked.instances.add(PresentInstance.of(instance));
    }
    if (!reply.getMore()) {
      answered(reply.getSequence(), message);
    }
  }

  private void refused(FromHub message) {
    var failure = message.getFailure();
    HubException reason =
        HubException.refused(
            failure.getCode(), failure.getReason(), failure.getRetryAfterSeconds());
    Pending asked = pending.remove(failure.getSequence());
    if (asked == null) {
      LOG.warn("{}", reason.getMessage());
    } else {
      asked.answer.completeExceptionally(reason);
    }
  }

  /** Fails everything that is not answered. */
  void failAll(HubException reason) {
    for (Long id : List.copyOf(pending.keySet())) {
      Pending asked = pending.remove(id);
      if (asked != null) {
        asked.answer.completeExceptionally(reason);
      }
    }
  }

  /** What is asked of a hub whose answer is another one than the question has. */
  static <T> CompletableFuture<T> mismatch(FromHub message) {
    return CompletableFuture.failedFuture(
        new HubException(
            Reason.PROTOCOL, "The hub answered with " + message.getMessageCase() + "."));
  }
}
