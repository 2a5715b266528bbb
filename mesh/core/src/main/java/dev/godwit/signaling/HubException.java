package dev.godwit.signaling;

import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.wire.Printable;
import java.io.IOException;
import java.time.Duration;

/** The hub cannot be reached, refused something, or broke the protocol. */
public final class HubException extends IOException {

  /** What kind of trouble it is. */
  public enum Reason {
    /** Another server answers at the hub's address. */
    NOT_THE_HUB(Cure.NONE),
    /** The hub does not accept the node's proof of who it is. */
    BAD_LOGIN(Cure.NONE),
    /** Hub and node have no version of the protocol in common. */
    VERSION(Cure.NONE),
    /** The client was closed. */
    CLOSED(Cure.NONE),
    /** The hub's limits are reached; see {@link HubException#retryAfter}. */
    LIMIT(Cure.TIME),
    /** A message is larger than the hub takes. */
    TOO_LARGE(Cure.TIME),
    /** One side did not understand the other. */
    PROTOCOL(Cure.TIME),
    /** There is no connection to the hub now. */
    OFFLINE(Cure.TIME),
    /** The name of the hub is not known. */
    UNKNOWN_NAME(Cure.TIME),
    /** The machine of the hub is there, and nothing listens at its port. */
    NOT_LISTENING(Cure.TIME),
    /** The hub did not answer in time. */
    TIMEOUT(Cure.TIME),
    /** The hub does not take a list of revocations. */
    BAD_REVOCATIONS(Cure.TIME);

    private final Cure cure;

    Reason(Cure cure) {
      this.cure = cure;
    }
  }

  private enum Cure {
    NONE,
    TIME
  }

  private final Reason reason;
  private final Duration retryAfter;

  HubException(Reason reason, String sentence) {
    this(reason, sentence, Duration.ZERO);
  }

  HubException(Reason reason, String sentence, Duration retryAfter) {
    super(sentence);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  HubException(Reason reason, String sentence, Throwable cause) {
    super(sentence, cause);
    this.reason = reason;
    this.retryAfter = Duration.ZERO;
  }

  static HubException refused(RefusalCode code, String sentence, int retryAfterSeconds) {
    Reason reason =
        switch (code) {
          case REFUSAL_CODE_BAD_LOGIN -> Reason.BAD_LOGIN;
          case REFUSAL_CODE_VERSION -> Reason.VERSION;
          case REFUSAL_CODE_TOO_MANY_CONNECTIONS,
              REFUSAL_CODE_TOO_MANY_LOGINS,
              REFUSAL_CODE_TOO_MANY_MESSAGES,
              REFUSAL_CODE_TOO_MANY_INSTANCES,
              REFUSAL_CODE_HUB_FULL ->
              Reason.LIMIT;
          case REFUSAL_CODE_TOO_LARGE -> Reason.TOO_LARGE;
          case REFUSAL_CODE_BAD_REVOCATIONS -> Reason.BAD_REVOCATIONS;
          case REFUSAL_CODE_TOO_SLOW,
              REFUSAL_CODE_IDLE,
              REFUSAL_CODE_REPLACED,
              REFUSAL_CODE_SHUTTING_DOWN ->
              Reason.OFFLINE;
          default -> Reason.PROTOCOL;
        };
    return new HubException(
        reason,
        "The hub says: " + Printable.text(sentence),
        Duration.ofSeconds(Math.max(0, retryAfterSeconds)));
  }

  /** What kind of trouble it is; the message says it to a human. */
  public Reason reason() {
    return reason;
  }

  /** How long the hub asks to wait before the next attempt; zero when it did not say. */
  public Duration retryAfter() {
    return retryAfter;
  }

  /** Whether waiting a little longer is not going to help: the address is likely wrong. */
  public boolean isHopeless() {
    return reason == Reason.UNKNOWN_NAME || reason == Reason.NOT_LISTENING;
  }

  /** Whether trying again later can help. */
  public boolean isCurable() {
    return reason.cure == Cure.TIME;
  }
}
