package dev.godwit.doctor;

import java.util.Optional;

/**
 * One thing that was found out.
 *
 * @param topic what it is about, a word: {@code hub}, {@code nat}, {@code fuse}
 * @param grade whether it is as it should be
 * @param text what was found
 * @param advice what to do about it; empty when nothing has to be done
 */
public record Finding(String topic, Grade grade, String text, Optional<String> advice) {

  /** How good it is. */
  public enum Grade {
    /** As it should be. */
    GOOD,
    /** Something does not work that is not always needed. */
    NOTE,
    /** Something does not work that is. */
    TROUBLE
  }

  /** As it should be. */
  public static Finding good(String topic, String text) {
    return new Finding(topic, Grade.GOOD, text, Optional.empty());
  }

  /** Not always needed. */
  public static Finding note(String topic, String text, String advice) {
    return new Finding(topic, Grade.NOTE, text, Optional.of(advice));
  }

  /** Needed. */
  public static Finding trouble(String topic, String text, String advice) {
    return new Finding(topic, Grade.TROUBLE, text, Optional.of(advice));
  }
}
