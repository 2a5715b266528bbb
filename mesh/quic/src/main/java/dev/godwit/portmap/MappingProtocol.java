package dev.godwit.portmap;

/** How a router is asked to pass on a port, the best way first. */
public enum MappingProtocol {
  /** Port Control Protocol (RFC 6887). */
  PCP,
  /** NAT Port Mapping Protocol (RFC 6886). */
  NAT_PMP,
  /** The Internet Gateway Device of UPnP. */
  UPNP_IGD
}
