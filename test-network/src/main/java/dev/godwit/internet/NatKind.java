package dev.godwit.internet;

/** How an address translator behaves, in the words of RFC 4787. */
public enum NatKind {
  /** No translation: the host has a public address and no filter. */
  NONE,

  /**
   * Endpoint-independent mapping and filtering (sections 4.1 and 5): whoever knows an outside
   * endpoint gets in, as soon as the inside has sent something from it. Also for TCP.
   */
  ENDPOINT_INDEPENDENT,

  /** Endpoint-independent mapping, address-and-port-dependent filtering. */
  PORT_RESTRICTED,

  /** Address-and-port-dependent mapping with random outside ports, and filtering likewise. */
  SYMMETRIC,

  /** Two port-restricted translators in a row: one at home, one at the provider (RFC 6888). */
  CARRIER_GRADE,

  /** A port-restricted translator that drops everything but TCP, without a word. */
  UDP_BLOCKED,

  /** Only TCP to port 443 gets out; everything else is dropped without a word. */
  TCP_443_ONLY,

  /**
   * No IPv4 and no translation: a public IPv6 address behind a filter that lets in only from where
   * the inside has sent to (RFC 6092, address-and-port-dependent). It reaches those public hosts
   * that have IPv6, too.
   */
  IPV6_ONLY;

  /** Whether an inside endpoint has the same outside endpoint towards everybody, for UDP. */
  boolean hasStableMapping() {
    return this == ENDPOINT_INDEPENDENT || this == PORT_RESTRICTED || this == CARRIER_GRADE;
  }
}
