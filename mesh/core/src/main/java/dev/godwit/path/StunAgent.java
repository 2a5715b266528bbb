package dev.godwit.path;

import dev.godwit.stream.Interruption;
import dev.godwit.stun.BindingResponder;
import dev.godwit.stun.MalformedStunException;
import dev.godwit.stun.StunAttribute;
import dev.godwit.stun.StunClass;
import dev.godwit.stun.StunMessage;
import dev.godwit.stun.TransactionId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The STUN side of a UDP socket that is there for something else (RFC 8489): answers who asks, asks
 * servers how the socket looks from outside, and checks which candidates of a peer can be reached.
 * Thread-safe; the socket belongs to the transport.
 */
public final class StunAgent {
  private static final int USERNAME = 0x0006;

  /** First pause before a request is repeated; doubled each time (RFC 8489, 6.2.1, but faster). */
  private static final Duration FIRST_REPEAT = Duration.ofMillis(100);

  private static final Duration LAST_REPEAT = Duration.ofMillis(1600);

  private final Datagrams socket;
  private final SecureRandom random;
  private final Map<TransactionId, Transaction> transactions = new ConcurrentHashMap<>();
  private final Map<CheckToken, Checks> checks = new ConcurrentHashMap<>();

  /** Sends datagrams from the socket. */
  @FunctionalInterface
  public interface Datagrams {
    /** Sends one, without blocking. It may get lost. */
    void send(ByteBuffer datagram, InetSocketAddress to);
  }

  /**
   * An agent that nothing has been asked yet.
   *
   * @param socket where requests leave
   */
  public StunAgent(Datagrams socket, SecureRandom random) {
    this.socket = socket;
    this.random = random;
  }

  /**
   * A request under way.
   *
   * @param counts whether an answer, and where it comes from, are what was asked for
   */
  record Transaction(
      BiPredicate<StunMessage, InetSocketAddress> counts, CompletableFuture<StunMessage> answer) {
    /** Only a success from where the request went counts. */
    static Transaction with(InetSocketAddress to, CompletableFuture<StunMessage> answer) {
      return new Transaction(
          (message, from) -> message.kind() == StunClass.SUCCESS && to.equals(from), answer);
    }
  }

  /**
   * A datagram has arrived that is not of the transport. Never blocks.
   *
   * @param datagram valid during the call
   * @return what to send back, or null
   */
  public @Nullable ByteBuffer received(ByteBuffer datagram, InetSocketAddress from) {
    StunMessage message;
    try {
      message = StunMessage.decode(datagram);
    } catch (MalformedStunException e) {
      // RFC 8489, 6.3: what is malformed is dropped silently.
      return null;
    }
    if (message.kind() == StunClass.SUCCESS || message.kind() == StunClass.ERROR) {
      Transaction asked = transactions.get(message.transaction());
      if (asked != null && asked.counts().test(message, from)) {
        asked.answer().complete(message);
      }
      return null;
    }
    StunMessage answer = BindingResponder.answer(message, from).orElse(null);
    if (answer == null) {
      return null;
    }
    CheckToken token = token(message);
    Checks running = token == null ? null : checks.get(token);
    if (running != null) {
      running.heardFrom(from);
    }
    return ByteBuffer.wrap(answer.encode());
  }

  private static @Nullable CheckToken token(StunMessage request) {
    for (StunAttribute attribute : request.attributes()) {
      if (attribute instanceof StunAttribute.Other other
          && other.type() == USERNAME
          && other.value().length() == CheckToken.BYTES) {
        return new CheckToken(other.value());
      }
    }
    return null;
  }

  /**
   * Asks a server how this socket looks from there. Blocks.
   *
   * @throws IOException when there is no answer within {@code patience}
   */
  public InetSocketAddress reflexive(InetSocketAddress server, Duration patience)
      throws IOException {
    StunMessage request = StunMessage.bindingRequest(TransactionId.random(random));
    return ask(
            request,
            server,
            (message, from) -> message.kind() == StunClass.SUCCESS && server.equals(from),
            patience)
        .orElseThrow(() -> new IOException(server + " does not answer STUN"))
        .mappedAddress()
        .orElseThrow(() -> new IOException(server + " answered STUN without an address"));
  }

  /**
   * Sends a request until something comes that counts as its answer. Blocks.
   *
   * @param counts whether it does, by what it says and where it comes from
   * @return empty when nothing has come within {@code patience}
   */
  Optional<StunMessage> ask(
      StunMessage request,
      InetSocketAddress to,
      BiPredicate<StunMessage, InetSocketAddress> counts,
      Duration patience)
      throws IOException {
    CompletableFuture<StunMessage> answer = new CompletableFuture<>();
    transactions.put(request.transaction(), new Transaction(counts, answer));
    try {
      long left = patience.toNanos();
      for (Duration pause = FIRST_REPEAT; left > 0; pause = longer(pause)) {
        socket.send(ByteBuffer.wrap(request.encode()), to);
        long wait = Math.min(left, pause.toNanos());
        left -= wait;
        @Nullable StunMessage message = awaitAnswer(answer, wait);
        if (message != null) {
          return Optional.of(message);
        }
      }
      return Optional.empty();
    } finally {
      transactions.remove(request.transaction());
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LAST_REPEAT) > 0 ? LAST_REPEAT : twice;
  }

  private static @Nullable StunMessage awaitAnswer(
      CompletableFuture<StunMessage> answer, long nanos) throws IOException {
    try {
      return answer.get(nanos, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted during STUN", e);
    }
  }

  /**
   * Begins to check which candidates of a peer can be reached. The peer does the same with the same
   * token, which opens the NATs on both sides.
   *
   * @param patience how long to go on
   */
  public Checks check(CheckToken token, Collection<Candidate> candidates, Duration patience) {
    Checks fresh = new Checks(this, token, candidates, patience);
    checks.put(token, fresh);
    fresh.start();
    return fresh;
  }

  void ended(CheckToken token, Checks ended) {
    checks.remove(token, ended);
  }

  /** A check of one candidate: a binding request that shows the token. */
  Check checkOf(CheckToken token, InetSocketAddress to) {
    StunMessage request =
        new StunMessage(
            StunClass.REQUEST,
            StunMessage.BINDING,
            TransactionId.random(random),
            List.of(new StunAttribute.Other(USERNAME, token.value())),
            StunMessage.Fingerprint.PRESENT);
    CompletableFuture<StunMessage> answer = new CompletableFuture<>();
    transactions.put(request.transaction(), Transaction.with(to, answer));
    return new Check(request, to, answer);
  }

  void send(Check check) {
    socket.send(ByteBuffer.wrap(check.request().encode()), check.to());
  }

  void forget(Check check) {
    transactions.remove(check.request().transaction());
  }

  /** A request that is repeated until it is answered. */
  record Check(StunMessage request, InetSocketAddress to, CompletableFuture<StunMessage> answer) {}
}
