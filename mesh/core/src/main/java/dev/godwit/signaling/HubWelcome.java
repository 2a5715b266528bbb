package dev.godwit.signaling;

import com.google.protobuf.ByteString;
import dev.godwit.signaling.proto.Welcome;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * What the hub said at login.
 *
 * @param observed from where the hub saw this connection come
 * @param stunPorts UDP ports of the hub's host that answer STUN; may be empty
 * @param messageBytes the largest frame that the hub takes
 * @param messagesPerSecond how many messages of one node the hub takes in the long run
 */
public record HubWelcome(
    InetSocketAddress observed, List<Integer> stunPorts, int messageBytes, int messagesPerSecond) {

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
          welcome.getMessagesPerSecond());
    } catch (UnknownHostException e) {
      throw (HubException) malformed().initCause(e);
    }
  }

  private static HubException malformed() {
    return new HubException(HubException.Reason.PROTOCOL, "The hub's welcome makes no sense.");
  }
}
