package dev.godwit.tls;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;

class TlsTransportTest extends TransportConformance {

  @Override
  protected Transport transport(Identity identity) throws IOException {
    return new TlsTransport(
        identity,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        InstantSource.system(),
        new SecureRandom());
  }
}
