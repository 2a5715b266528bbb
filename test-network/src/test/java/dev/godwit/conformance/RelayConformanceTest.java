package dev.godwit.conformance;

import dev.godwit.hub.Hub;
import dev.godwit.hub.HubConfig;
import dev.godwit.identity.Identity;
import dev.godwit.stream.Transport;
import dev.godwit.stream.TransportConformance;
import dev.godwit.tls.RelayTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;

/** TLS through the relay of a real hub. */
class RelayConformanceTest extends TransportConformance {
  private static final InstantSource CLOCK = InstantSource.system();

  private final SecureRandom random = new SecureRandom();
  private final Map<String, RelayTransport> transports = new ConcurrentHashMap<>();
  private final List<RelayUser> users = new ArrayList<>();
  private final Hub hub;

  RelayConformanceTest() throws IOException {
    hub =
        Hub.start(
            HubConfig.inMemory(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), CLOCK, random));
  }

  @AfterEach
  void stop() {
    users.forEach(RelayUser::close);
    hub.close();
  }

  @Override
  protected Transport transport(Identity identity) throws Exception {
    RelayUser user = RelayUser.at(hub, identity, random);
    users.add(user);
    String address = identity.id().shortForm();
    RelayTransport transport =
        new RelayTransport(
            identity,
            address,
            user::access,
            (peer, to, circuit) -> {
              var _ =
                  Objects.requireNonNull(transports.get(to)).accept(circuit, RelayUser.PATIENCE);
            },
            CLOCK,
            random);
    transports.put(address, transport);
    return transport;
  }
}
