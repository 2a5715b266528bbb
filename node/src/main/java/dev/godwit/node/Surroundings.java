package dev.godwit.node;

import dev.godwit.lan.LanDiscovery;
import dev.godwit.membership.MeshId;
import dev.godwit.path.AddressText;
import dev.godwit.path.Candidate;
import dev.godwit.portmap.PortMapping;
import dev.godwit.portmap.PortMapping.Mapping;
import dev.godwit.seal.InstanceId;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What a node that stays has around it: a router that opens ports, and neighbours in its LAN. Both
 * may lie; who is at an address is proven on the connection. Thread-safe.
 */
final class Surroundings implements AutoCloseable {
  private final @Nullable PortMapping mapping;
  private final @Nullable LanDiscovery lan;

  private Surroundings(@Nullable PortMapping mapping, @Nullable LanDiscovery lan) {
    this.mapping = mapping;
    this.lan = lan;
  }

  /** For a node that nobody around it needs to know of. */
  static Surroundings none() {
    return new Surroundings(null, null);
  }

  /**
   * Asks the router and announces the node; returns at once. Both are about UDP first: a node
   * without QUIC has nothing to announce.
   */
  static Surroundings of(
      MeshId mesh, InstanceId instance, Transports transports, InstantSource clock) {
    if (transports.quic().isEmpty()) {
      return none();
    }
    int quic = transports.quic().get().boundTo().getPort();
    OptionalInt tls = OptionalInt.of(transports.tls().boundTo().getPort());
    return new Surroundings(
        PortMapping.start(quic, tls, PortMapping.Settings.STANDARD),
        LanDiscovery.start(mesh, instance, quic, tls, clock));
  }

  /** What the router has opened. */
  Optional<Mapping> mapping() {
    return mapping == null ? Optional.empty() : mapping.current();
  }

  /** Where this node is reached by UDP thanks to its router. */
  List<Candidate> candidates() {
    return mapping == null ? List.of() : mapping.candidates();
  }

  /** Where this node is reached by TCP thanks to its router. */
  List<String> tcp() {
    return mapping().flatMap(Mapping::tcp).map(AddressText::format).stream().toList();
  }

  /** QUIC addresses of members of the mesh in this LAN; which of them is whom, dialling tells. */
  List<String> neighbours() {
    return lan == null
        ? List.of()
        : lan.candidates().stream()
            .map(Candidate::address)
            .map((InetSocketAddress address) -> AddressText.format(address))
            .toList();
  }

  /** Whether neighbours would be heard of. */
  boolean listens() {
    return lan != null;
  }

  @Override
  public void close() {
    if (lan != null) {
      lan.close();
    }
    if (mapping != null) {
      mapping.close();
    }
  }
}
