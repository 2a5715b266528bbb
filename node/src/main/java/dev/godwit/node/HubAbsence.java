package dev.godwit.node;

import dev.godwit.signaling.HubState;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Says that the hub is away, once it has been for a few seconds, and that it is back. Nothing that
 * is under way needs it, so nobody would notice otherwise. Thread-safe.
 */
final class HubAbsence implements Consumer<HubState> {
  /** A hub that is started anew, or a network that changes, is nothing to tell of. */
  static final Duration BRIEF = Duration.ofSeconds(3);

  private final String hub;
  private final BiConsumer<Runnable, Duration> later;
  private final Consumer<String> advise;
  private final ReentrantLock lock = new ReentrantLock();

  /** The absence that goes on now; null when the hub is there, or never was. */
  private @Nullable Absence present;

  private boolean met;

  /** One absence. */
  private static final class Absence {
    private String reason;
    private boolean told;

    Absence(String reason) {
      this.reason = reason;
    }
  }

  /**
   * Of a hub that has not been reached yet.
   *
   * @param hub its address, for people
   * @param later runs something after some time
   * @param advise hears whole sentences
   */
  HubAbsence(String hub, BiConsumer<Runnable, Duration> later, Consumer<String> advise) {
    this.hub = hub;
    this.later = later;
    this.advise = advise;
  }

  @Override
  public void accept(HubState state) {
    switch (state) {
      case HubState.Online _ -> there();
      case HubState.Offline(String reason, var _) -> away(reason);
      // This process is ending, or says itself why it cannot go on.
      case HubState.Ended _ -> forget();
    }
  }

  private void there() {
    Absence over;
    lock.lock();
    try {
      over = present;
      present = null;
      met = true;
    } finally {
      lock.unlock();
    }
    if (over != null && over.told) {
      advise.accept("The hub " + hub + " is back.");
    }
  }

  private void away(String reason) {
    Absence begun = null;
    lock.lock();
    try {
      if (present != null) {
        present.reason = reason;
      } else if (met) {
        begun = new Absence(reason);
        present = begun;
      }
    } finally {
      lock.unlock();
    }
    if (begun != null) {
      Absence absence = begun;
      later.accept(() -> tell(absence), BRIEF);
    }
  }

  private void tell(Absence absence) {
    String reason;
    lock.lock();
    try {
      if (present != absence) {
        return;
      }
      absence.told = true;
      reason = absence.reason;
    } finally {
      lock.unlock();
    }
    advise.accept(
        "The hub "
            + hub
            + " is away: "
            + Explanation.ended(reason)
            + " What is connected goes on; nobody new finds this node until the hub is back. It is"
            + " tried again and again.");
  }

  private void forget() {
    lock.lock();
    try {
      present = null;
      met = false;
    } finally {
      lock.unlock();
    }
  }
}
