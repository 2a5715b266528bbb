package dev.godwit.internet;

import java.io.IOException;

/**
 * A namespace that passes packets on between the machines attached to it. Every machine has an
 * interface and a route of its own there; nothing is bridged. For one thread.
 */
final class Router {
  private final Wiring wiring;
  private final Namespace namespace;
  private final AddressPool pool;
  private final String interfaces;
  private int attached;

  /**
   * Makes a namespace a router.
   *
   * @param pool where its machines' addresses come from
   * @param interfaces how its interfaces to them are called, followed by a number
   */
  Router(Wiring wiring, Namespace namespace, AddressPool pool, String interfaces)
      throws IOException {
    this.wiring = wiring;
    this.namespace = namespace;
    this.pool = pool;
    this.interfaces = interfaces;
    namespace.forward();
    namespace.ip("address add " + pool.gateway() + "/32 dev lo");
  }

  Namespace namespace() {
    return namespace;
  }

  /**
   * Attaches a machine, and gives it an address and a default route.
   *
   * @param near the machine
   * @param nearInterface how its new interface is called
   */
  Attachment attach(Namespace near, String nearInterface, LinkProfile profile) throws IOException {
    String farInterface = interfaces + attached++;
    Attachment attachment =
        new Attachment(
            near, nearInterface, namespace, farInterface, pool.gateway(), wiring, profile);
    attachment.move(pool.take());
    return attachment;
  }

  /**
   * Attaches a machine that has no IPv4 address, and gives it an IPv6 one and a default route.
   *
   * @param addresses where that comes from
   */
  Attachment attachIpv6(
      Namespace near, String nearInterface, LinkProfile profile, AddressPool addresses)
      throws IOException {
    Attachment attachment =
        new Attachment(
            near,
            nearInterface,
            namespace,
            interfaces + attached++,
            addresses.gateway(),
            wiring,
            profile);
    attachment.addIpv6(addresses.take(), addresses.gateway());
    return attachment;
  }

  /** The machine gets another address beside the one it has. */
  String another(Attachment attachment) throws IOException {
    String address = pool.take();
    attachment.addIpv4(address);
    return address;
  }

  /** The machine gets a fresh address. */
  void renumber(Attachment attachment) throws IOException {
    attachment.move(pool.take());
  }
}
