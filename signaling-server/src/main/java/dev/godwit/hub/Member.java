package dev.godwit.hub;

import com.google.protobuf.ByteString;
import dev.godwit.limit.TokenBucket;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.Departure;
import dev.godwit.signaling.proto.Instance;
import java.time.Instant;

/** A process that is logged in. Two are the same only when they are the same login. */
final class Member {

  private final VerifiedLogin login;
  private final RelayPass pass;
  private final Instant since;
  private final Outlet outlet;
  private final TokenBucket messages;

  /**
   * @param pass what the node shows on relayed connections
   * @param messages shared by all logins of the node
   */
  Member(VerifiedLogin login, RelayPass pass, Instant since, Outlet outlet, TokenBucket messages) {
    this.login = login;
    this.pass = pass;
    this.since = since;
    this.outlet = outlet;
    this.messages = messages;
  }

  VerifiedLogin login() {
    return login;
  }

  RelayPass pass() {
    return pass;
  }

  Outlet outlet() {
    return outlet;
  }

  TokenBucket messages() {
    return messages;
  }

  Instance toInstance() {
    return Instance.newBuilder()
        .setNode(ByteString.copyFrom(login.node().bytes()))
        .setInstance(ByteString.copyFrom(login.instance().bytes()))
        .setSealingCertificate(ByteString.copyFrom(login.certificate().encoded()))
        .setSince(since.toEpochMilli())
        .build();
  }

  Departure toDeparture() {
    return Departure.newBuilder()
        .setNode(ByteString.copyFrom(login.node().bytes()))
        .setInstance(ByteString.copyFrom(login.instance().bytes()))
        .build();
  }
}
