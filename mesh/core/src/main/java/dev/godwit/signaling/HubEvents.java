package dev.godwit.signaling;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.signaling.HubException.Reason;
import dev.godwit.signaling.HubRequests.Use;
import dev.godwit.signaling.proto.Delivery;
import dev.godwit.signaling.proto.Draining;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.PresenceUpdate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells listeners what happens at the hub. A listener that fails is logged, and the others hear the
 * same. Thread-safe.
 */
final class HubEvents {
  private static final Logger LOG = LoggerFactory.getLogger(HubEvents.class);

  final Listeners<HubState> states = new Listeners<>();
  final Listeners<SealedDelivery> deliveries = new Listeners<>();
  final Listeners<PresenceEvent> presence = new Listeners<>();
  final Listeners<Revocations> revocations = new Listeners<>();
  final Listeners<HubDraining> draining = new Listeners<>();

  /** Those who hear of one kind of event. */
  static final class Listeners<T> {
    private final List<Consumer<T>> all = new CopyOnWriteArrayList<>();

    void add(Consumer<T> listener) {
      all.add(listener);
    }

    void tell(T event) {
      for (Consumer<T> listener : all) {
        try {
          listener.accept(event);
        } catch (RuntimeException e) {
          LOG.error("A listener failed at {}", event.getClass().getSimpleName(), e);
        }
      }
    }
  }

  /**
   * Takes a message if it tells of an event.
   *
   * @throws HubException when a field of it is malformed
   */
  Use take(FromHub message) throws HubException {
    switch (message.getMessageCase()) {
      case DELIVERY -> deliveries.tell(delivery(message.getDelivery()));
      case PRESENCE -> presence.tell(presence(message.getPresence()));
      case DRAINING -> draining.tell(draining(message.getDraining()));
      default -> {
        return Use.NONE;
      }
    }
    return Use.TAKEN;
  }

  private static HubDraining draining(Draining draining) {
    return new HubDraining(
        Duration.ofSeconds(Integer.toUnsignedLong(draining.getStartsInSeconds())),
        Duration.ofSeconds(Integer.toUnsignedLong(draining.getLastsSeconds())));
  }

  private static SealedDelivery delivery(Delivery delivery) throws HubException {
    try {
      return new SealedDelivery(
          NodeId.of(delivery.getFromNode().toByteArray()),
          InstanceId.of(delivery.getFromInstance().toByteArray()),
          Octets.of(delivery.getBox().toByteArray()));
    } catch (IllegalArgumentException e) {
      throw malformed("delivery", e);
    }
  }

  private static PresenceEvent presence(PresenceUpdate update) throws HubException {
    try {
      return switch (update.getChangeCase()) {
        case JOINED -> new PresenceEvent.Joined(PresentInstance.of(update.getJoined()));
        case LEFT ->
            new PresenceEvent.Left(
                NodeId.of(update.getLeft().getNode().toByteArray()),
                InstanceId.of(update.getLeft().getInstance().toByteArray()));
        case CHANGE_NOT_SET ->
            throw new HubException(Reason.PROTOCOL, "The hub's presence update is empty.");
      };
    } catch (IllegalArgumentException e) {
      throw malformed("presence update", e);
    }
  }

  private static HubException malformed(String what, IllegalArgumentException e) {
    return new HubException(
        Reason.PROTOCOL, "The hub's " + what + " is malformed: " + e.getMessage() + ".", e);
  }
}
