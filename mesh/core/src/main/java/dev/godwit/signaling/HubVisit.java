package dev.godwit.signaling;

import dev.godwit.signaling.HubException.Reason;
import dev.godwit.signaling.HubRequests.Use;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Ping;
import dev.godwit.signaling.proto.Pong;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.Welcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks with the hub over one connection: logs in when the hub asks for it, then hands messages to
 * those they are for, until the connection is over. Messages arrive on the thread that reads; one
 * other thread waits.
 */
final class HubVisit implements HubLink.Receiver {
  private static final Logger LOG = LoggerFactory.getLogger(HubVisit.class);

  private final HubLogin login;
  private final HubRequests requests;
  private final HubEvents events;
  private final RevocationSync revocations;
  private final HubTiming timing;
  private final CompletableFuture<HubWelcome> welcome = new CompletableFuture<>();
  private volatile Instant renewAt = Instant.MAX;
  private boolean loggedIn;

  HubVisit(
      HubLogin login,
      HubRequests requests,
      HubEvents events,
      RevocationSync revocations,
      HubTiming timing) {
    this.login = login;
    this.requests = requests;
    this.events = events;
    this.revocations = revocations;
    this.timing = timing;
  }

  @Override
  public void received(HubLink link, FromHub message) throws HubException {
    switch (message.getMessageCase()) {
      case REFUSAL -> throw login.refused(message.getRefusal());
      case PING ->
          link.send(
              ToHub.newBuilder()
                  .setPong(Pong.newBuilder().setId(message.getPing().getId()))
                  .build());
      case PONG -> {
        // That something came is all it is for.
      }
      case CHALLENGE -> {
        if (loggedIn) {
          throw new HubException(Reason.PROTOCOL, "The hub sent a challenge after its welcome.");
        }
        HubLogin.Proof proof = login.answer(message.getChallenge());
        renewAt = proof.renewAt();
        link.send(proof.message());
      }
      case WELCOME -> welcomed(link, message.getWelcome());
      default -> {
        if (!loggedIn) {
          throw new HubException(
              Reason.PROTOCOL,
              "The hub sent " + message.getMessageCase() + " before it said welcome.");
        }
        passOn(message);
      }
    }
  }

  private void welcomed(HubLink link, Welcome said) throws HubException {
    HubWelcome checked = HubWelcome.of(said);
    loggedIn = true;
    link.limit(checked.messageBytes());
    requests.use(link);
    var _ =
        revocations
            .reconcile(said.getRevocationsVersion())
            .completeOnTimeout(
                RevocationSync.Settled.NO, timing.connect().toMillis() / 2, TimeUnit.MILLISECONDS)
            .thenAccept(_ -> welcome.complete(checked));
  }

  private void passOn(FromHub message) throws HubException {
    if (message.hasRevocations()) {
      var _ = revocations.reconcile(message.getRevocations().getVersion());
    } else if (requests.take(message) == Use.NONE && events.take(message) == Use.NONE) {
      // A later version of the hub may send what this one does not know.
      LOG.debug("Ignored {} from the hub", message.getMessageCase());
    }
  }

  /**
   * Waits until the hub has said welcome, and has been asked for the newest list of revocations.
   *
   * @throws HubException when the connection is over before, or that takes too long
   */
  HubWelcome awaitWelcome(HubLink link, HubAddress hub) throws HubException, InterruptedException {
    CompletableFuture<Object> first = CompletableFuture.anyOf(welcome, link.end());
    try {
      return switch (first.get(timing.connect().toMillis(), TimeUnit.MILLISECONDS)) {
        case HubWelcome said -> said;
        case HubException refused -> throw refused;
        default -> throw new IllegalStateException("Neither a welcome nor an end.");
      };
    } catch (TimeoutException e) {
      throw new HubException(
          Reason.OFFLINE, "The hub at " + hub.hostAndPort() + " does not finish the login.", e);
    } catch (ExecutionException e) {
      throw new HubException(Reason.PROTOCOL, "The login failed: " + e.getCause(), e);
    }
  }

  /** Keeps the connection alive until it is over, and says why it is. */
  HubException attend(HubLink link, InstantSource clock) throws InterruptedException {
    while (true) {
      try {
        return link.end().get(timing.ping().toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException stillThere) {
        Duration silence = link.silence();
        if (silence.compareTo(timing.silence()) > 0) {
          return new HubException(
              Reason.OFFLINE,
              "The hub said nothing for " + silence.toSeconds() + " s.",
              stillThere);
        }
        if (clock.instant().isAfter(renewAt)) {
          return new HubException(Reason.OFFLINE, "The login is being renewed.", stillThere);
        }
        try {
          ping(link, requests);
        } catch (HubException e) {
          return e;
        }
      } catch (ExecutionException e) {
        return new HubException(Reason.PROTOCOL, "The connection failed: " + e.getCause(), e);
      }
    }
  }

  /** Asks the hub for a sign of life. */
  static void ping(HubLink link, HubRequests requests) throws HubException {
    link.send(ToHub.newBuilder().setPing(Ping.newBuilder().setId(requests.nextSequence())).build());
  }
}
