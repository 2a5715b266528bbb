package dev.godwit.lan;

import dev.godwit.identity.Octets;
import dev.godwit.seal.InstanceId;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a node says in the LAN: the service instance {@code INSTANCE._godwit._udp.local.} with the
 * QUIC port and a TXT record {@code v=1 tag=HEX tls=PORT}.
 *
 * @param instance which process it is, in hexadecimal digits the name of the service instance
 * @param tag for the members of the mesh
 * @param quicPort UDP
 * @param tlsPort TCP, if the node listens there
 */
record Announcement(InstanceId instance, MeshTag tag, int quicPort, OptionalInt tlsPort) {
  /** The service type. */
  static final String TYPE = "_godwit._udp.local.";

  private static final String VERSION_KEY = "v";
  private static final String VERSION = "1";
  private static final String TAG = "tag";
  private static final String TLS = "tls";
  private static final int MAX_PORT = 65_535;

  /** Checks the ports. */
  Announcement {
    if (!isPort(quicPort) || (tlsPort.isPresent() && !isPort(tlsPort.getAsInt()))) {
      throw new IllegalArgumentException("a port is from 1 to 65535");
    }
  }

  private static boolean isPort(int port) {
    return port > 0 && port <= MAX_PORT;
  }

  /** The name of the service instance. */
  String name() {
    return HexFormat.of().formatHex(instance.bytes());
  }

  /** The TXT record. */
  Map<String, String> text() {
    String hex = tag.value().toHex();
    return tlsPort.isPresent()
        ? Map.of(VERSION_KEY, VERSION, TAG, hex, TLS, Integer.toString(tlsPort.getAsInt()))
        : Map.of(VERSION_KEY, VERSION, TAG, hex);
  }

  /**
   * Reads what somebody says.
   *
   * @param text gives the value of a key of the TXT record, or null
   * @return empty when it makes no sense
   */
  static Optional<Announcement> parse(
      String name, int quicPort, UnaryOperator<@Nullable String> text) {
    @Nullable String tag = text.apply(TAG);
    @Nullable String tls = text.apply(TLS);
    if (!VERSION.equals(text.apply(VERSION_KEY))
        || tag == null
        || !isPort(quicPort)
        || (tls != null && !tls.matches("[0-9]{1,5}"))) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Announcement(
              InstanceId.of(HexFormat.of().parseHex(name)),
              new MeshTag(Octets.of(HexFormat.of().parseHex(tag))),
              quicPort,
              tls == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(tls))));
    } catch (IllegalArgumentException e) {
      // Not hexadecimal, of another length, or no port.
      return Optional.empty();
    }
  }
}
