package dev.godwit.hub;

import dev.godwit.identity.HubCertificate;
import dev.godwit.signaling.RelayLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a hub needs to start.
 *
 * @param listen TCP address of the control channel, and UDP address of STUN; port 0 picks a free
 *     one
 * @param secondStunPort a further UDP port that answers STUN, so that nodes can find out what kind
 *     of NAT they are behind; 0 picks a free one, and so does one that is taken
 * @param certificate by which nodes recognize the hub
 * @param relay what the relay grants; empty when nothing is to be relayed
 * @param revocations the folder where lists of revocations are kept; empty when in memory only
 */
public record HubConfig(
    InetSocketAddress listen,
    OptionalInt secondStunPort,
    HubCertificate certificate,
    HubLimits limits,
    Optional<RelayLimits> relay,
    Optional<Path> revocations,
    InstantSource clock,
    SecureRandom random) {

  /** Resolves the address. */
  public HubConfig {
    if (listen.isUnresolved()) {
      listen = new InetSocketAddress(listen.getHostString(), listen.getPort());
    }
    if (listen.isUnresolved()) {
      throw new IllegalArgumentException("The host is not known: " + listen.getHostString());
    }
  }

  /** A hub whose certificate ends with it: nodes need new tickets after a restart. */
  public static HubConfig inMemory(
      InetSocketAddress listen, InstantSource clock, SecureRandom random) {
    return new HubConfig(
        listen,
        OptionalInt.empty(),
        HubCertificate.generate(clock, random),
        HubLimits.defaults(),
        Optional.of(RelayLimits.defaults()),
        Optional.empty(),
        clock,
        random);
  }

  /**
   * A hub whose certificate and revocations are kept in a directory.
   *
   * @throws IOException as {@link HubCertificate#loadOrCreate}
   */
  public static HubConfig in(
      Path directory, InetSocketAddress listen, InstantSource clock, SecureRandom random)
      throws IOException {
    return new HubConfig(
        listen,
        OptionalInt.empty(),
        HubCertificate.loadOrCreate(directory, clock, random),
        HubLimits.defaults(),
        Optional.of(RelayLimits.defaults()),
        Optional.of(directory.resolve("revocations")),
        clock,
        random);
  }

  /** With other limits. */
  public HubConfig withLimits(HubLimits others) {
    return new HubConfig(
        listen, secondStunPort, certificate, others, relay, revocations, clock, random);
  }

  /** With a relay of these limits, or without one. */
  public HubConfig withRelay(Optional<RelayLimits> granted) {
    return new HubConfig(
        listen, secondStunPort, certificate, limits, granted, revocations, clock, random);
  }

  /** With another address. */
  public HubConfig withListen(InetSocketAddress other) {
    return new HubConfig(
        other, secondStunPort, certificate, limits, relay, revocations, clock, random);
  }

  /** With a further STUN port. */
  public HubConfig withSecondStunPort(int port) {
    return new HubConfig(
        listen, OptionalInt.of(port), certificate, limits, relay, revocations, clock, random);
  }
}
