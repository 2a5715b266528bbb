package dev.godwit.tls;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import java.io.IOException;

class TlsTransportTest extends TransportConformance {

  @Override
  protected Transport transport(Identity identity) throws IOException {
    return Loopback.open(identity, 0);
  }
}
