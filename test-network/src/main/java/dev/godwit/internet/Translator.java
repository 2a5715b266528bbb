package dev.godwit.internet;

import java.io.IOException;

/** One translating router with an inside and an outside. For one thread. */
final class Translator {
  private final Router inside;
  private final Router provider;
  private final Attachment outside;
  private final NatKind kind;
  private final Hairpin hairpin;

  /**
   * Makes one.
   *
   * @param namespace an empty one, that becomes the translator
   * @param subnet the first three numbers of the inside's addresses
   * @param provider what its outside is attached to
   * @param profile how its outside is attached
   */
  Translator(
      Wiring wiring,
      Namespace namespace,
      String subnet,
      Router provider,
      NatKind kind,
      Hairpin hairpin,
      LinkProfile profile)
      throws IOException {
    this.provider = provider;
    this.kind = kind;
    this.hairpin = hairpin;
    this.inside = new Router(wiring, namespace, new AddressPool(subnet), Ruleset.INSIDE);
    this.outside = provider.attach(namespace, Ruleset.OUTSIDE, profile);
    namespace.rules(rules());
  }

  Router inside() {
    return inside;
  }

  Attachment outside() {
    return outside;
  }

  private String rules() {
    return new Ruleset(kind, hairpin, outside.address()).text();
  }

  /** Forgets all mappings and connections. */
  void reboot() throws IOException {
    Namespace namespace = inside.namespace();
    // Nothing gets through meanwhile, so that nothing of the old life is learned again.
    namespace.rules(Ruleset.CLOSED);
    Tool.CONNTRACK.runIn(namespace.name(), "", "--flush");
    namespace.rules(rules());
  }

  /** Gets another outside address, and forgets everything with it. */
  void renumber() throws IOException {
    provider.renumber(outside);
    reboot();
  }
}
