package dev.godwit.node;

import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubException;
import dev.godwit.signaling.HubState;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/** Waits until a hub can be used, and tells whoever watches. */
final class HubArrival {
  /**
   * How long a hub is waited for whose name is not known, or where nothing listens: people with a
   * question want to know of a mistyped one within three seconds.
   */
  private static final Duration HOPELESS = Duration.ofSeconds(2);

  private HubArrival() {}

  /**
   * Waits as long as for any other failure when it is likely a mistake.
   *
   * @throws HubException when it refuses for good, or is not there after {@code patience}
   */
  static void await(HubClient hub, String address, Duration patience, Wait.Listener waits)
      throws HubException, InterruptedException {
    await(hub, address, patience, patience, waits);
  }

  /**
   * Gives up soon when it is likely a mistake.
   *
   * @throws HubException when it refuses for good, or is not there after {@code patience}
   */
  static void awaitBriefly(HubClient hub, String address, Duration patience, Wait.Listener waits)
      throws HubException, InterruptedException {
    await(hub, address, patience, HOPELESS, waits);
  }

  private static void await(
      HubClient hub, String address, Duration patience, Duration hopeless, Wait.Listener waits)
      throws HubException, InterruptedException {
    waits.waiting(new Wait.Hub(address));
    AtomicBoolean told = new AtomicBoolean();
    hub.onState(
        state -> {
          if (state instanceof HubState.Offline(String reason, var _)
              && told.compareAndSet(false, true)) {
            waits.waiting(new Wait.HubAway(reason));
          }
        });
    try {
      var _ = hub.awaitOnline(patience, hopeless);
    } finally {
      told.set(true);
    }
  }
}
