package dev.godwit.conformance;

import dev.godwit.identity.Identity;
import dev.godwit.membership.MeshKey;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubState;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;

/**
 * A program that is logged in at a hub until its standard input ends, and says what pass it was
 * given for the relay. A program of its own, so that it can run where the hub is reachable.
 */
final class HubLogin {
  private HubLogin() {}

  /** Argument: the hub's address. */
  public static void main(String[] args) throws Exception {
    SecureRandom random = new SecureRandom();
    try (HubClient client =
        HubClient.start(
            HubAddress.parse(args[0]),
            new Credentials(
                Identity.generate(random),
                MeshKey.generate(random).id(),
                InstanceId.random(random),
                SealingKey.generate(random)),
            InstantSource.system(),
            random)) {
      client.awaitOnline(RelayUser.PATIENCE);
      if (client.state() instanceof HubState.Online(var welcome)) {
        byte[] pass = welcome.relay().orElseThrow().pass().value().toByteArray();
        System.out.println(HexFormat.of().formatHex(pass));
      }
      int end = System.in.read();
      if (end >= 0) {
        throw new IOException("nothing is to be read but the end");
      }
    }
  }
}
