package dev.godwit.internet;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** A machine in a {@link Lan}. Starting commands and code in it is safe for several threads. */
public final class LanHost {
  private final Namespace namespace;
  private final String address;

  LanHost(Namespace namespace, String address) {
    this.namespace = namespace;
    this.address = address;
  }

  String namespace() {
    return namespace.name();
  }

  /** Its address in the LAN. */
  public InetAddress address() {
    return InetAddress.ofLiteral(address);
  }

  /** A command that is run there. */
  public List<String> command(List<String> command) throws IOException {
    List<String> inside =
        new ArrayList<>(List.of(Tool.IP.find().toString(), "netns", "exec", namespace.name()));
    inside.addAll(command);
    return inside;
  }

  /**
   * Runs code there, as {@link Host#call} does.
   *
   * @throws IOException when it fails, or takes more than a minute
   */
  public <T> T call(Callable<T> work) throws IOException {
    return namespace.call(work);
  }

  /** Adds rules for packets, in the language of nft(8). */
  public void addRules(String ruleset) throws IOException {
    namespace.rules(ruleset);
  }

  @Override
  public String toString() {
    return namespace.name() + " (" + address + ")";
  }
}
