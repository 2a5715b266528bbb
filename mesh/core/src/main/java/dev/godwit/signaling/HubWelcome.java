package dev.godwit.signaling;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Octets;
import dev.godwit.signaling.proto.Welcome;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/**
 * What the hub said at login.
 *
 * @param observed from where the hub saw this connection come
 * @param stunPorts UDP ports of the hub's host that answer STUN; may be empty
 * @param messageBytes the largest frame that the hub takes
 * @param messagesPerSecond how many messages of one node the hub takes in the long run
 * @param relay empty when this hub relays nothing
 */
public record HubWelcome(
    InetSocketAddress observed,
    List<Integer> stunPorts,
    int messageBytes,
    int messagesPerSecond,
    Optional<RelayOffer> relay) {

  private static final int MAX_PORT = 65_535;
  private static final int MAX_STUN_PORTS = 8;

  /** Copies the list. */
  public HubWelcome {
    stunPorts = List.copyOf(stunPorts);
  }

  static HubWelcome of(Welcome welcome) throws HubException {
    ByteString address = welcome.getObserved().getAddress();
    int port = welcome.getObserved().getPort();
    List<Integer> stunPorts = welcome.getStunPortsList();
    if (port < 0
        || port > MAX_PORT
        || stunPorts.size() > MAX_STUN_PORTS
        || stunPorts.stream().anyMatch(stun -> stun < 1 || stun > MAX_PORT)
        || welcome.getVersion() != HubProtocol.VERSION
        || welcome.getMessageBytes() <= 0) {
      throw malformed();
    }
    try {
      return new HubWelcome(
          new InetSocketAddress(InetAddress.getByAddress(address.toByteArray()), port),
          stunPorts,
          welcome.getMessageBytes(),
          welcome.getMessagesPerSecond(),
          welcome.hasRelay() ? Optional.of(relay(welcome.getRelay())) : Optional.empty());
    } catch (UnknownHostException | IllegalArgumentException e) {
      throw (HubException) malformed().initCause(e);
    }
  }

  private static RelayOffer relay(dev.godwit.signaling.proto.RelayOffer offer) {
    return new RelayOffer(
        new RelayPass(Octets.of(offer.getPass().toByteArray())), RelayLimits.of(offer.getTerms()));
  }

  private static HubException malformed() {
    return new HubException(HubException.Reason.PROTOCOL, "The hub's welcome makes no sense.");
  }
}
