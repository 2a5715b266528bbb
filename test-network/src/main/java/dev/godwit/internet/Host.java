package dev.godwit.internet;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A machine of its own in the internet, with nothing but a loopback interface and one to its
 * router. Starting commands and code in it is safe for several threads, everything else for one.
 */
public final class Host {
  private final Namespace namespace;
  private final String name;
  private final Router router;
  private final Attachment attachment;
  private final @Nullable Nat nat;

  Host(Namespace namespace, String name, Router router, Attachment attachment, @Nullable Nat nat) {
    this.namespace = namespace;
    this.name = name;
    this.router = router;
    this.attachment = attachment;
    this.nat = nat;
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** Its namespace's name, as in {@code ip netns}. */
  public String namespace() {
    return namespace.name();
  }

  /** Its own address at the moment: a private one behind a translator. */
  public InetAddress address() {
    return InetAddress.ofLiteral(attachment.address());
  }

  /** Its IPv6 address, if it has one. */
  public Optional<InetAddress> ipv6() {
    return attachment.ipv6().map(InetAddress::ofLiteral);
  }

  /** The translator it is behind, if any. */
  public Optional<Nat> nat() {
    return Optional.ofNullable(nat);
  }

  /** What connects it to its router. */
  public Link link() {
    return attachment.link();
  }

  /**
   * A process in this host, to be started by the caller. The process that is started becomes the
   * command itself, so that signals reach it. Closing the internet kills what still runs.
   *
   * @throws IOException when {@code ip} is not installed
   */
  public ProcessBuilder command(List<String> command) throws IOException {
    List<String> inside =
        new ArrayList<>(List.of(Tool.IP.find().toString(), "netns", "exec", namespace.name()));
    inside.addAll(command);
    return new ProcessBuilder(inside);
  }

  /**
   * As {@link #command}, but with this machine's mounts: what the process mounts can be used from
   * everywhere. Names are those of this machine, too.
   */
  public ProcessBuilder commandAmongMounts(List<String> command) {
    List<String> inside = new ArrayList<>(List.of("nsenter", "--net=" + namespace.file(), "--"));
    inside.addAll(command);
    return new ProcessBuilder(inside);
  }

  /**
   * Runs code in this host, on a platform thread of its own. Sockets that it opens stay in this
   * host and may be used by any thread.
   *
   * @return what {@code work} returns
   * @throws IOException when {@code work} fails, with its exception as the cause, or takes more
   *     than a minute
   */
  public <T> T call(Callable<T> work) throws IOException {
    return namespace.call(work);
  }

  void names(List<String> lines) throws IOException {
    namespace.names(lines);
  }

  void addIpv6(String address, String router) throws IOException {
    attachment.addIpv6(address, router);
  }

  /**
   * Has a second IPv4 address from now on, beside {@link #address}, from which it sends what is not
   * bound to another one.
   *
   * @return the second address
   */
  public InetAddress addAddress() throws IOException {
    return InetAddress.ofLiteral(router.another(attachment));
  }

  /** Moves to another network: it gets a new address, and loses the old one, at once. */
  public void changeAddress() throws IOException {
    router.renumber(attachment);
  }

  @Override
  public String toString() {
    return name + " (" + attachment.address() + (nat == null ? "" : " behind " + nat) + ")";
  }
}
