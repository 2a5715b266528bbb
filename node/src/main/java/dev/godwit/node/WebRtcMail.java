package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.seal.InstanceId;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.proto.Signal;
import dev.godwit.signaling.proto.WebRtcMessage;
import dev.godwit.stream.Interruption;
import dev.godwit.webrtc.WebRtcSignals;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Takes what WebRTC transports tell each other through the hub, sealed. Thread-safe. */
final class WebRtcMail implements WebRtcSignals {
  private static final Duration ASK = Duration.ofSeconds(5);

  private final HubClient hub;
  private final Signaling signaling;
  private final ByteString membership;

  WebRtcMail(HubClient hub, Signaling signaling, ByteString membership) {
    this.hub = hub;
    this.signaling = signaling;
    this.membership = membership;
  }

  /** The address of a process. */
  static String address(InstanceId instance) {
    return HexFormat.of().formatHex(instance.bytes());
  }

  @Override
  public void send(NodeId peer, String address, byte[] message) throws IOException {
    PresentInstance process = find(peer, address);
    var _ =
        await(
            signaling.ask(
                process,
                Signal.newBuilder()
                    .setWebrtcMessage(
                        WebRtcMessage.newBuilder()
                            .setMembership(membership)
                            .setMessage(ByteString.copyFrom(message)))
                    .build(),
                ASK));
  }

  private PresentInstance find(NodeId peer, String address) throws IOException {
    InstanceId instance;
    try {
      instance = InstanceId.of(HexFormat.of().parseHex(address));
    } catch (IllegalArgumentException e) {
      throw new IOException("'" + address + "' is no process", e);
    }
    List<PresentInstance> present = await(hub.lookup(peer));
    return present.stream()
        .filter(one -> one.node().equals(peer) && one.instance().equals(instance))
        .findFirst()
        .orElseThrow(
            () -> new IOException(peer.shortForm() + " is not logged in at the hub any more"));
  }

  private static <T> T await(CompletableFuture<T> future) throws IOException {
    try {
      return future.get(2 * ASK.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
    } catch (TimeoutException e) {
      throw new IOException("the hub does not answer", e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
  }
}
