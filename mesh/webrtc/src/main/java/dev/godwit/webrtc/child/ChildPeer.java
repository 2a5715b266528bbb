package dev.godwit.webrtc.child;

import dev.godwit.webrtc.bridge.BridgeOutput;
import dev.godwit.webrtc.bridge.BridgeType;
import dev.onvoid.webrtc.CreateSessionDescriptionObserver;
import dev.onvoid.webrtc.PeerConnectionObserver;
import dev.onvoid.webrtc.RTCAnswerOptions;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelInit;
import dev.onvoid.webrtc.RTCIceCandidate;
import dev.onvoid.webrtc.RTCIceGatheringState;
import dev.onvoid.webrtc.RTCOfferOptions;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.RTCPeerConnectionState;
import dev.onvoid.webrtc.RTCPriorityType;
import dev.onvoid.webrtc.RTCSdpType;
import dev.onvoid.webrtc.RTCSessionDescription;
import dev.onvoid.webrtc.RTCStats;
import dev.onvoid.webrtc.RTCStatsReport;
import dev.onvoid.webrtc.RTCStatsType;
import dev.onvoid.webrtc.SetSessionDescriptionObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A peer connection. Its methods are for the thread that reads from the node; as an observer it is
 * called by the library.
 */
final class ChildPeer implements PeerConnectionObserver {
  private final int id;
  private final BridgeOutput output;
  private final SentReports reports;
  private final MessageCount count;
  private final Map<Integer, ChildChannel> channels = new ConcurrentHashMap<>();
  private final AtomicInteger nextOfPeer = new AtomicInteger(-1);
  private @Nullable RTCPeerConnection connection;

  ChildPeer(int id, BridgeOutput output, SentReports reports, MessageCount count) {
    this.id = id;
    this.output = output;
    this.reports = reports;
    this.count = count;
  }

  void begin(RTCPeerConnection made) {
    connection = made;
  }

  private RTCPeerConnection connection() {
    return Objects.requireNonNull(connection);
  }

  private void tell(BridgeType type, int channel, String... fields) {
    try {
      output.write(type, id, channel, fields);
    } catch (IOException e) {
      // The thread that reads from the node ends the process.
      System.err.println("the node cannot be told: " + e);
    }
  }

  void makeOffer() {
    connection().createOffer(new RTCOfferOptions(), new Made());
  }

  void makeAnswer() {
    connection().createAnswer(new RTCAnswerOptions(), new Made());
  }

  void setLocal(List<String> fields) {
    connection()
        .setLocalDescription(description(fields), new Used("our own description", () -> {}));
  }

  void setRemote(List<String> fields) {
    connection()
        .setRemoteDescription(
            description(fields),
            new Used("the peer's description", () -> tell(BridgeType.REMOTE_SET, 0)));
  }

  private static RTCSessionDescription description(List<String> fields) {
    return new RTCSessionDescription(RTCSdpType.valueOf(fields.get(0)), fields.get(1));
  }

  void addCandidate(List<String> fields) {
    try {
      connection()
          .addIceCandidate(
              new RTCIceCandidate(fields.get(0), Integer.parseInt(fields.get(1)), fields.get(2)));
    } catch (RuntimeException | Error e) {
      // A candidate that is not understood is one way less.
      System.err.println("a candidate is not understood: " + e);
    }
  }

  void openChannel(int channel, List<String> fields) throws IOException {
    RTCDataChannelInit init = new RTCDataChannelInit();
    init.ordered = true;
    init.priority = RTCPriorityType.valueOf(fields.get(1));
    @Nullable RTCDataChannel made;
    try {
      made = connection().createDataChannel(fields.get(0), init);
    } catch (RuntimeException | Error e) {
      made = null;
    }
    if (made == null) {
      tell(BridgeType.CHANNEL_CLOSED, channel);
      return;
    }
    add(channel, made);
  }

  private void add(int channel, RTCDataChannel made) throws IOException {
    ChildChannel added = new ChildChannel(id, channel, made, output, count);
    channels.put(channel, added);
    added.begin();
  }

  void send(int channel, ByteBuffer message) throws IOException {
    ChildChannel target = channels.get(channel);
    if (target != null && target.send(message)) {
      reports.watch(target);
    }
  }

  void closeChannel(int channel) {
    ChildChannel target = channels.get(channel);
    if (target != null) {
      target.close();
    }
  }

  void releaseChannel(int channel) {
    ChildChannel target = channels.remove(channel);
    if (target != null) {
      target.release();
    }
  }

  void getPath() {
    connection().getStats(this::stats);
  }

  void close() {
    connection().close();
    channels.values().forEach(ChildChannel::release);
    channels.clear();
  }

  private void stats(RTCStatsReport report) {
    Map<String, RTCStats> stats = report.getStats();
    for (RTCStats one : stats.values()) {
      if (one.getType() == RTCStatsType.TRANSPORT) {
        @Nullable RTCStats pair = stats.get(text(one, "selectedCandidatePairId"));
        if (pair != null) {
          @Nullable RTCStats local = stats.get(text(pair, "localCandidateId"));
          @Nullable RTCStats remote = stats.get(text(pair, "remoteCandidateId"));
          tell(
              BridgeType.PATH,
              0,
              local == null ? "" : text(local, "candidateType"),
              remote == null ? "" : text(remote, "candidateType"),
              remote == null ? "" : address(text(remote, "address"), text(remote, "port")));
          return;
        }
      }
    }
    tell(BridgeType.PATH, 0, "", "", "");
  }

  private static String address(String address, String port) {
    return (address.contains(":") ? "[" + address + "]" : address) + ":" + port;
  }

  private static String text(RTCStats stats, String name) {
    Object value = stats.getAttributes().get(name);
    return value == null ? "" : value.toString();
  }

  @Override
  public void onIceCandidate(RTCIceCandidate candidate) {
    tell(
        BridgeType.CANDIDATE,
        0,
        candidate.sdpMid,
        Integer.toString(candidate.sdpMLineIndex),
        candidate.sdp);
  }

  @Override
  public void onIceGatheringChange(RTCIceGatheringState state) {
    if (state == RTCIceGatheringState.COMPLETE) {
      tell(BridgeType.GATHERED, 0);
    }
  }

  @Override
  public void onConnectionChange(RTCPeerConnectionState state) {
    tell(BridgeType.STATE, 0, state.name());
  }

  @Override
  public void onDataChannel(RTCDataChannel made) {
    int channel = nextOfPeer.getAndDecrement();
    tell(BridgeType.CHANNEL, channel, made.getLabel());
    try {
      add(channel, made);
    } catch (IOException e) {
      System.err.println("the node cannot be told: " + e);
    }
  }

  /** A description was made. */
  private final class Made implements CreateSessionDescriptionObserver {
    @Override
    public void onSuccess(RTCSessionDescription description) {
      tell(BridgeType.DESCRIPTION, 0, description.sdp);
    }

    @Override
    public void onFailure(String error) {
      tell(BridgeType.FAILED, 0, "no description could be made: " + error);
    }
  }

  /** A description is in use. */
  private final class Used implements SetSessionDescriptionObserver {
    private final String what;
    private final Runnable then;

    Used(String what, Runnable then) {
      this.what = what;
      this.then = then;
    }

    @Override
    public void onSuccess() {
      then.run();
    }

    @Override
    public void onFailure(String error) {
      tell(BridgeType.FAILED, 0, what + " cannot be used: " + error);
    }
  }
}
