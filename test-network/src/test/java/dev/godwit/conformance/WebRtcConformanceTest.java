package dev.godwit.conformance;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import dev.godwit.webrtc.WebRtcSettings;
import dev.godwit.webrtc.WebRtcWorld;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** The two WebRTC processes are on machines of their own, since ICE does not use loopback. */
class WebRtcConformanceTest extends TransportConformance {
  private @Nullable WebRtcWorld world;
  private int machines;

  @Override
  protected Transport transport(Identity identity) throws IOException {
    WebRtcWorld here = world;
    if (here == null) {
      here = new WebRtcWorld();
      world = here;
    }
    return here.transport(
        identity, here.internet().host("machine" + ++machines), WebRtcSettings.LOCAL);
  }

  @AfterEach
  void remove() throws IOException {
    if (world != null) {
      world.close();
    }
  }
}
