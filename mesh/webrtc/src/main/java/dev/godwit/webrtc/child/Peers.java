package dev.godwit.webrtc.child;

import dev.godwit.webrtc.bridge.BridgeException;
import dev.godwit.webrtc.bridge.BridgeFrame;
import dev.godwit.webrtc.bridge.BridgeOutput;
import dev.godwit.webrtc.bridge.BridgeType;
import dev.godwit.webrtc.bridge.Fields;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.RTCCertificatePEM;
import dev.onvoid.webrtc.RTCConfiguration;
import dev.onvoid.webrtc.RTCIceServer;
import dev.onvoid.webrtc.RTCIceTransportPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The peer connections of this process. Everything that the node says is done by the thread that
 * reads it, one thing after the other; what the library tells on its own threads is only passed on.
 */
final class Peers {
  private static final int SERVER_FIELDS = 3;
  private static final int FIXED_FIELDS = 4;

  private final PeerConnectionFactory factory;
  private final BridgeOutput output;
  private final SentReports reports;
  private final MessageCount count;
  private final Map<Integer, ChildPeer> peers = new HashMap<>();

  Peers(PeerConnectionFactory factory, BridgeOutput output) {
    this.factory = factory;
    this.output = output;
    this.reports = new SentReports(output);
    this.count = new MessageCount(output);
  }

  void frame(BridgeFrame frame, ByteBuffer body) throws IOException {
    int id = frame.connection();
    if (frame.type() == BridgeType.CREATE) {
      create(id, Fields.decode(body, FIXED_FIELDS));
      return;
    }
    @Nullable ChildPeer peer = peers.get(id);
    if (peer == null) {
      // It could not be made, which was said.
      return;
    }
    switch (frame.type()) {
      case MAKE_OFFER -> peer.makeOffer();
      case MAKE_ANSWER -> peer.makeAnswer();
      case SET_LOCAL -> peer.setLocal(Fields.decode(body, 2));
      case SET_REMOTE -> peer.setRemote(Fields.decode(body, 2));
      case ADD_CANDIDATE -> peer.addCandidate(Fields.decode(body, 3));
      case OPEN_CHANNEL -> peer.openChannel(frame.channel(), Fields.decode(body, 2));
      case SEND -> peer.send(frame.channel(), body);
      case CLOSE_CHANNEL -> peer.closeChannel(frame.channel());
      case RELEASE_CHANNEL -> peer.releaseChannel(frame.channel());
      case GET_PATH -> peer.getPath();
      case CLOSE -> {
        peers.remove(id);
        peer.close();
      }
      default -> throw new BridgeException(frame.type() + " is not for this side");
    }
  }

  private void create(int id, List<String> fields) throws IOException {
    RTCConfiguration configuration = new RTCConfiguration();
    configuration.iceTransportPolicy = RTCIceTransportPolicy.valueOf(fields.get(0));
    configuration.certificates.add(
        new RTCCertificatePEM(fields.get(2), fields.get(1), Long.parseLong(fields.get(3))));
    for (int at = FIXED_FIELDS; at + SERVER_FIELDS <= fields.size(); at += SERVER_FIELDS) {
      RTCIceServer server = new RTCIceServer();
      server.urls.add(fields.get(at));
      server.username = fields.get(at + 1);
      server.password = fields.get(at + 2);
      configuration.iceServers.add(server);
    }
    ChildPeer peer = new ChildPeer(id, output, reports, count);
    try {
      peer.begin(factory.createPeerConnection(configuration, peer));
    } catch (RuntimeException | Error e) {
      output.write(BridgeType.FAILED, id, 0, "no peer connection could be made: " + e);
      return;
    }
    peers.put(id, peer);
  }
}
