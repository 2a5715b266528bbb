package dev.godwit.internet;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/**
 * An address translator between the internet and its own private network. Hosts behind it reach
 * each other's private addresses through it, untranslated. For one thread.
 */
public final class Nat {
  private final Internet internet;
  private final String name;
  private final NatKind kind;

  /** From the hosts' side to the public one. */
  private final List<Translator> translators;

  Nat(Internet internet, String name, NatKind kind, List<Translator> translators) {
    this.internet = internet;
    this.name = name;
    this.kind = kind;
    this.translators = List.copyOf(translators);
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** How it behaves. */
  public NatKind kind() {
    return kind;
  }

  /** Its public address at the moment; a provider's one for {@link NatKind#CARRIER_GRADE}. */
  public InetAddress address() {
    return InetAddress.ofLiteral(translators.getLast().outside().address());
  }

  /** What connects it, and all its hosts, to the internet: to the provider's translator, if any. */
  public Link link() {
    return translators.getFirst().outside().link();
  }

  /** Puts a new host behind it, with a perfect link between the two. */
  public Host host(String hostName) throws IOException {
    return internet.host(hostName, translators.getFirst().inside(), LinkProfile.PERFECT, this);
  }

  /**
   * Restarts it in no time: all mappings and connections are forgotten, so that nothing gets in
   * before the inside sends again. Outside ports are then the same again where the kind keeps
   * ports; {@link #changeAddress} is for when they must not be.
   */
  public void reboot() throws IOException {
    for (Translator translator : translators) {
      translator.reboot();
    }
  }

  /** Gets a new public address, as after a new dial-in; all mappings are forgotten. */
  public void changeAddress() throws IOException {
    translators.getLast().renumber();
  }

  @Override
  public String toString() {
    return name + " (" + kind + ", " + address().getHostAddress() + ")";
  }
}
