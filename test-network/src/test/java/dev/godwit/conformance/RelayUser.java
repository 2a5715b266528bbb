package dev.godwit.conformance;

import dev.godwit.hub.Hub;
import dev.godwit.identity.Identity;
import dev.godwit.membership.MeshKey;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubState;
import dev.godwit.testing.Patience;
import dev.godwit.tls.RelayAccess;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;

/** Somebody who is logged in at a hub and may use its relay. */
final class RelayUser implements AutoCloseable {
  static final Duration PATIENCE = Patience.seconds(10);

  private final HubClient client;

  private RelayUser(HubClient client) {
    this.client = client;
  }

  static RelayUser at(Hub hub, Identity identity, SecureRandom random) throws Exception {
    HubClient client =
        HubClient.start(
            new HubAddress(
                hub.address().getAddress().getHostAddress(),
                hub.address().getPort(),
                hub.fingerprint()),
            new Credentials(
                identity,
                MeshKey.generate(random).id(),
                InstanceId.random(random),
                SealingKey.generate(random)),
            InstantSource.system(),
            random);
    client.awaitOnline(PATIENCE);
    return new RelayUser(client);
  }

  RelayAccess access() throws IOException {
    if (client.state() instanceof HubState.Online(var welcome) && welcome.relay().isPresent()) {
      return new RelayAccess(client.hub(), welcome.relay().get().pass());
    }
    throw new IOException("not logged in");
  }

  @Override
  public void close() {
    client.close();
  }
}
