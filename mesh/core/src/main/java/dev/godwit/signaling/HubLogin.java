package dev.godwit.signaling;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Octets;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.HubException.Reason;
import dev.godwit.signaling.proto.Challenge;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.Refusal;
import dev.godwit.signaling.proto.ToHub;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Proves to the hub who this process is, by signing the hub's challenge, and compares the clocks of
 * both. Thread-safe.
 */
final class HubLogin {
  private static final String SOFTWARE = "godwit";

  /** A difference of clocks by which nothing is refused. */
  private static final Duration CLOCKS_AGREE = Duration.ofMinutes(2);

  private final HubAddress hub;
  private final Credentials credentials;
  private final Duration certificateLifetime;
  private final InstantSource clock;

  /** How far this machine's clock was ahead of the hub's; null when that is not known. */
  private volatile @Nullable Duration clockAhead;

  /**
   * What answers a challenge.
   *
   * @param renewAt when the next login is due
   */
  record Proof(ToHub message, Instant renewAt) {}

  HubLogin(
      HubAddress hub, Credentials credentials, Duration certificateLifetime, InstantSource clock) {
    this.hub = hub;
    this.credentials = credentials;
    this.certificateLifetime = certificateLifetime;
    this.clock = clock;
  }

  /** How far this machine's clock is ahead of the hub's; empty when the hub has not told. */
  Optional<Duration> clockAhead() {
    return Optional.ofNullable(clockAhead);
  }

  /**
   * Signs the hub's challenge.
   *
   * @throws HubException when the hub has no version in common with this node, or its challenge is
   *     malformed
   */
  Proof answer(Challenge challenge) throws HubException {
    long hubClock = challenge.getClockMillis();
    clockAhead = hubClock == 0 ? null : Duration.ofMillis(clock.millis() - hubClock);
    if (challenge.getVersionMin() > HubProtocol.VERSION
        || challenge.getVersionMax() < HubProtocol.VERSION) {
      throw new HubException(
          Reason.VERSION,
          "The hub speaks versions "
              + challenge.getVersionMin()
              + " to "
              + challenge.getVersionMax()
              + " of the protocol, this node version "
              + HubProtocol.VERSION
              + ". Bring the older one up to date.");
    }
    byte[] nonce = challenge.getNonce().toByteArray();
    if (nonce.length != HubProtocol.NONCE_BYTES) {
      throw new HubException(
          Reason.PROTOCOL,
          "The nonce in the hub's challenge has "
              + nonce.length
              + " bytes instead of "
              + HubProtocol.NONCE_BYTES
              + ".");
    }
    Instant now = clock.instant();
    return new Proof(login(nonce, now), now.plus(certificateLifetime.dividedBy(2)));
  }

  private ToHub login(byte[] nonce, Instant now) {
    SealingCertificate certificate =
        credentials
            .sealingKey()
            .certificate(
                credentials.identity(), credentials.instance(), now.plus(certificateLifetime));
    byte[] signature =
        credentials
            .identity()
            .sign(
                HubProtocol.LOGIN_CONTEXT,
                HubProtocol.signedByLogin(
                    nonce,
                    hub.fingerprint(),
                    credentials.mesh(),
                    credentials.instance(),
                    certificate));
    return ToHub.newBuilder()
        .setLogin(
            Login.newBuilder()
                .setVersion(HubProtocol.VERSION)
                .setNode(bytes(credentials.node().key()))
                .setMesh(bytes(credentials.mesh().key()))
                .setInstance(bytes(credentials.instance().value()))
                .setSealingCertificate(ByteString.copyFrom(certificate.encoded()))
                .setSignature(ByteString.copyFrom(signature))
                .setSoftware(SOFTWARE))
        .build();
  }

  private static ByteString bytes(Octets octets) {
    return ByteString.copyFrom(octets.toByteArray());
  }

  /** Why the hub ends the connection; with the clocks' difference when that may be the cause. */
  HubException refused(Refusal refusal) {
    return HubException.refused(
        refusal.getCode(), refusal.getReason() + clocks(), refusal.getRetryAfterSeconds());
  }

  /** What a wrong clock makes of everything that expires; nothing when they agree. */
  private String clocks() {
    Duration ahead = clockAhead;
    if (ahead == null || ahead.abs().compareTo(CLOCKS_AGREE) <= 0) {
      return "";
    }
    Duration apart = ahead.abs();
    String time = apart.toDays() > 1 ? apart.toDays() + " days" : apart.toMinutes() + " minutes";
    return " The clock of this machine is "
        + time
        + (ahead.isNegative() ? " behind" : " ahead of")
        + " the hub's: set the one that is wrong (timedatectl set-ntp true).";
  }
}
