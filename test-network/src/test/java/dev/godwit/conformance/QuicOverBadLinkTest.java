package dev.godwit.conformance;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.quic.QuicSettings;
import dev.godwit.quic.QuicTransport;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;

/** QUIC over links that delay and lose packets. */
class QuicOverBadLinkTest extends TransportConformance {
  private final BadLinks links;

  QuicOverBadLinkTest() throws IOException {
    links = new BadLinks();
  }

  @AfterEach
  void remove() throws IOException {
    links.close();
  }

  @Override
  protected int slowness() {
    return BadLinks.SLOWNESS;
  }

  @Override
  protected Transport transport(Identity identity) throws IOException {
    Host host = links.machine();
    return BadLinks.inside(
        host,
        () ->
            new QuicTransport(
                identity,
                new InetSocketAddress(host.address(), 0),
                QuicSettings.STANDARD,
                InstantSource.system(),
                new SecureRandom()));
  }
}
