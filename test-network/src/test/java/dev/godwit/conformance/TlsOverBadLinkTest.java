package dev.godwit.conformance;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import dev.godwit.tls.TlsTransport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;

/** TLS over TCP over links that delay and lose packets. */
class TlsOverBadLinkTest extends TransportConformance {
  private final BadLinks links;

  TlsOverBadLinkTest() throws IOException {
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
            new TlsTransport(
                identity,
                new InetSocketAddress(host.address(), 0),
                InstantSource.system(),
                new SecureRandom()));
  }
}
