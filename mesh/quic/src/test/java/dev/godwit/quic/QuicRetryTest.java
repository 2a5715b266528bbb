package dev.godwit.quic;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;

/** As under attack: everybody has to prove his address first. */
class QuicRetryTest extends TransportConformance {

  @Override
  protected Transport transport(Identity identity) throws IOException {
    return new QuicTransport(
        identity,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        QuicSettings.STANDARD.withFreeHandshakes(0),
        InstantSource.system(),
        new SecureRandom());
  }
}
