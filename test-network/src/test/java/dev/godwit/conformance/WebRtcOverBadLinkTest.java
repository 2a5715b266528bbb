package dev.godwit.conformance;

import dev.godwit.identity.Identity;
import dev.godwit.internet.NatKind;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import dev.godwit.webrtc.WebRtcSettings;
import dev.godwit.webrtc.WebRtcWorld;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;

/** WebRTC over links that delay and lose packets. */
class WebRtcOverBadLinkTest extends TransportConformance {
  private final WebRtcWorld world;
  private int machines;

  WebRtcOverBadLinkTest() throws IOException {
    world = new WebRtcWorld();
  }

  @AfterEach
  void remove() throws IOException {
    world.close();
  }

  @Override
  protected int slowness() {
    return BadLinks.SLOWNESS;
  }

  @Override
  protected Transport transport(Identity identity) throws IOException {
    return world.transport(
        identity,
        world.internet().host("machine" + ++machines, NatKind.NONE, BadLinks.HALF),
        WebRtcSettings.LOCAL);
  }
}
