package dev.godwit.internet;

/**
 * What a translator does with UDP datagrams from its inside to one of its own outside endpoints.
 */
public enum Hairpin {
  /** They are dropped. */
  OFF,

  /**
   * They reach the inside host that the endpoint is mapped to, and come from an outside endpoint
   * (RFC 4787, REQ-9). They are not filtered.
   */
  ON
}
