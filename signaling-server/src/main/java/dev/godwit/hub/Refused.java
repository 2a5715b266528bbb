package dev.godwit.hub;

import dev.godwit.signaling.proto.RefusalCode;
import java.time.Duration;

/** A connection is not wanted, or not wanted any longer. */
final class Refused extends Exception {

  private static final long MILLIS_PER_SECOND = 1000;

  private final RefusalCode code;
  private final String sentence;
  private final Duration retryAfter;

  Refused(RefusalCode code, String sentence) {
    this(code, sentence, Duration.ZERO);
  }

  Refused(RefusalCode code, String sentence, Duration retryAfter) {
    // Refusals are part of the conversation: nobody wants their stack traces.
    super(sentence, null, false, false);
    this.code = code;
    this.sentence = sentence;
    this.retryAfter = retryAfter;
  }

  RefusalCode code() {
    return code;
  }

  String sentence() {
    return sentence;
  }

  int retryAfterSeconds() {
    return secondsUp(retryAfter);
  }

  /** Whole seconds, rounded up. */
  static int secondsUp(Duration duration) {
    return Math.toIntExact(Math.ceilDiv(duration.toMillis(), MILLIS_PER_SECOND));
  }
}
