package dev.godwit.internet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A virtual internet: a backbone, and hosts and translators attached to it, each in a network
 * namespace of its own. Public addresses are from 203.0.113.0/24, private ones from 192.168.0.0/16,
 * a provider's from 100.64.0.0/10 (RFC 5737, 1918, 6598), IPv6 ones from 2001:db8::/32 (RFC 3849).
 *
 * <p>Closing it removes everything, and ends the processes that still run in it; so does the end of
 * the JVM, and the next {@link #create} after a JVM that was killed.
 *
 * <p>For one thread, except for {@link #close}. Several internets live side by side; make them one
 * after the other.
 */
public final class Internet implements AutoCloseable {
  /** The number is that of the process that it belongs to. */
  private static final Pattern NAME = Pattern.compile("gw(\\d+)-\\d+-.+");

  /** What {@link #isName} wants. */
  static final String NAME_RULE = "a letter and up to 30 letters, digits and '-', all small";

  private static final Pattern MACHINE = Pattern.compile("[a-z][a-z0-9-]{0,30}");
  private static final String BACKBONE = "0";
  private static final int MANY = 1000;

  private final String prefix;
  private final Wiring wiring;
  private final Router backbone;
  private final Thread atTheEnd;
  private final Carriers threads;
  private final Map<String, Host> hosts = new HashMap<>();
  private final Set<Severed> severed = new LinkedHashSet<>();
  private final AddressPool ipv6 = AddressPool.ipv6("2001:db8:0:0");
  private int homes;
  private int carriers;

  private Internet(String prefix, long seed, Namespace namespace) throws IOException {
    this.threads = Carriers.keep();
    this.prefix = prefix;
    this.wiring = new Wiring(seed);
    this.backbone = new Router(wiring, namespace, new AddressPool("203.0.113"), "to");
    this.atTheEnd = new Thread(this::removeAtTheEnd, "remove-" + prefix);
    Runtime.getRuntime().addShutdownHook(atTheEnd);
  }

  /** An internet without any hosts, whose links have the same chances every time. */
  public static Internet create() throws IOException {
    return create(0);
  }

  /**
   * An internet without any hosts. Removes what dead processes have left behind.
   *
   * @param seed what decides which packets are lost, delayed and overtaken
   */
  public static Internet create(long seed) throws IOException {
    removeLeftovers();
    String mine = "gw" + ProcessHandle.current().pid() + "-";
    for (int number = 0; number < MANY; number++) {
      String prefix = mine + number + "-";
      if (Namespace.names(name -> name.startsWith(prefix)).isEmpty()) {
        String backbone = prefix + BACKBONE;
        try {
          return new Internet(prefix, seed, Namespace.add(backbone));
        } catch (IOException | RuntimeException e) {
          Namespace.remove(Namespace.names(backbone::equals));
          throw e;
        }
      }
    }
    throw new IOException("this process has " + MANY + " internets already");
  }

  /**
   * Removes the internets of processes that no longer live.
   *
   * @return how many namespaces were removed
   */
  public static int removeLeftovers() throws IOException {
    List<String> dead = Namespace.names(Internet::belongsToTheDead);
    Namespace.remove(dead);
    return dead.size();
  }

  private static boolean belongsToTheDead(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        && !ProcessHandle.of(Long.parseLong(matcher.group(1)))
            .map(ProcessHandle::isAlive)
            .orElse(false);
  }

  /** What the names of all its namespaces start with. */
  public String prefix() {
    return prefix;
  }

  /** A host with a public address, no filter, and a perfect link. */
  public Host host(String name) throws IOException {
    return host(name, NatKind.NONE);
  }

  /** A host behind a translator of its own, without hairpin and with perfect links. */
  public Host host(String name, NatKind kind) throws IOException {
    return host(name, kind, LinkProfile.PERFECT);
  }

  /**
   * A host behind a translator of its own, which is called like the host with {@code -nat} after
   * it, without hairpin.
   *
   * @param kind {@link NatKind#NONE} makes the host public; {@link NatKind#IPV6_ONLY} puts a filter
   *     called like the host with {@code -filter} before it
   * @param profile the link between its translator, or itself if it is public, and the internet
   */
  public Host host(String name, NatKind kind, LinkProfile profile) throws IOException {
    return switch (kind) {
      case NONE -> host(name, backbone, profile, null);
      case IPV6_ONLY -> filtered(name, profile);
      default -> nat(name + "-nat", kind, Hairpin.OFF, profile).host(name);
    };
  }

  /**
   * A public host with an IPv6 address beside its IPv4 one.
   *
   * @param profile the link between it and the internet
   */
  public Host dualStack(String name, LinkProfile profile) throws IOException {
    Host host = host(name, backbone, profile, null);
    backbone.namespace().forwardIpv6();
    host.addIpv6(ipv6.take(), ipv6.gateway());
    return host;
  }

  private Host filtered(String name, LinkProfile profile) throws IOException {
    checkName(name);
    backbone.namespace().forwardIpv6();
    Namespace filter = Namespace.add(prefix + name + "-filter");
    String subnet = "192.168." + ++homes;
    Router inside = new Router(wiring, filter, new AddressPool(subnet), Ruleset.INSIDE);
    filter.forwardIpv6();
    Attachment outside = backbone.attachIpv6(filter, Ruleset.OUTSIDE, profile, ipv6);
    String network = "2001:db8:0:" + Integer.toHexString(homes);
    outside.routeBehind(network + "::/64");
    filter.rules(Ruleset.IPV6_FILTER);
    Namespace namespace = Namespace.add(prefix + name);
    Attachment attachment =
        inside.attachIpv6(namespace, "net0", LinkProfile.PERFECT, AddressPool.ipv6(network));
    Host host = new Host(namespace, name, inside, attachment, null);
    hosts.put(name, host);
    return host;
  }

  /**
   * A translator without hosts yet.
   *
   * @param profile the link between it and the internet
   * @throws IllegalArgumentException for {@link NatKind#NONE}, and when the kind has no hairpin: a
   *     symmetric translator has a different outside endpoint for everybody
   */
  public Nat nat(String name, NatKind kind, Hairpin hairpin, LinkProfile profile)
      throws IOException {
    checkName(name);
    Ruleset.check(kind, hairpin);
    List<Translator> translators = new ArrayList<>();
    Router provider = backbone;
    if (kind == NatKind.CARRIER_GRADE) {
      Translator carrier =
          new Translator(
              wiring,
              Namespace.add(prefix + name + "-carrier"),
              "100.64." + carriers++,
              backbone,
              kind,
              hairpin,
              LinkProfile.PERFECT);
      translators.add(carrier);
      provider = carrier.inside();
    }
    translators.addFirst(
        new Translator(
            wiring,
            Namespace.add(prefix + name),
            "192.168." + ++homes,
            provider,
            kind,
            hairpin,
            profile));
    return new Nat(this, name, kind, translators);
  }

  /** An Ethernet without hosts yet, behind a translating router. */
  public Lan lan(String name) throws IOException {
    checkName(name);
    return new Lan(wiring, prefix, name, "192.168." + ++homes, backbone);
  }

  Host host(String name, Router router, LinkProfile profile, @Nullable Nat nat) throws IOException {
    checkName(name);
    Namespace namespace = Namespace.add(prefix + name);
    Attachment attachment = router.attach(namespace, "net0", profile);
    Host host = new Host(namespace, name, router, attachment, nat);
    hosts.put(name, host);
    return host;
  }

  /**
   * A host that is there.
   *
   * @throws IllegalArgumentException when none has that name
   */
  public Host named(String name) {
    Host host = hosts.get(name);
    if (host == null) {
      throw new IllegalArgumentException("there is no host '" + name + "'");
    }
    return host;
  }

  /**
   * Lets commands on all hosts that are there by now find the addresses of one by a name, as a name
   * server would tell them.
   */
  public void publish(String name, Host host) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(host.address().getHostAddress() + " " + name);
    host.ipv6().ifPresent(address -> lines.add(address.getHostAddress() + " " + name));
    for (Host each : hosts.values()) {
      each.names(lines);
    }
  }

  /**
   * Nothing passes between these two hosts any more, while both reach everybody else as before.
   * Addresses that they get later are not meant.
   */
  public void sever(Host one, Host other) throws IOException {
    severed.add(new Severed(outside(one), outside(other)));
    applySevered();
  }

  /** Everything passes between these two hosts again. */
  public void rejoin(Host one, Host other) throws IOException {
    severed.remove(new Severed(outside(one), outside(other)));
    applySevered();
  }

  private record Severed(String one, String other) {}

  private static String outside(Host host) {
    return host.nat().map(Nat::address).orElseGet(host::address).getHostAddress();
  }

  private void applySevered() throws IOException {
    StringBuilder rules = new StringBuilder("table ip severed {}\ndelete table ip severed\n");
    rules.append("table ip severed {\nchain pairs { type filter hook forward priority -10;\n");
    for (Severed pair : severed) {
      rules.append("ip saddr %s ip daddr %s drop\n".formatted(pair.one, pair.other));
      rules.append("ip saddr %s ip daddr %s drop\n".formatted(pair.other, pair.one));
    }
    backbone.namespace().rules(rules.append("}\n}\n").toString());
  }

  /**
   * Packets that may pass only a few more routers when they come to the backbone end there, and
   * their senders are told: as on an internet whose hosts are far from each other.
   *
   * @param routers how many there shall be between any two, from 2 to 64
   */
  public void lengthen(int routers) throws IOException {
    if (routers < 2 || routers > 64) {
      throw new IllegalArgumentException("2 to 64 routers, not " + routers);
    }
    backbone
        .namespace()
        .rules(
            """
            table inet long {}
            delete table inet long
            table inet long {
              chain passing { type filter hook prerouting priority mangle;
                ip ttl <= %1$d ip ttl set 1
                ip6 hoplimit <= %1$d ip6 hoplimit set 1
              }
            }
            """
                .formatted(routers));
  }

  static boolean isName(String name) {
    return MACHINE.matcher(name).matches();
  }

  private static void checkName(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException("'" + name + "' is not a name: " + NAME_RULE);
    }
  }

  /**
   * Removes everything. Does nothing when that was done before.
   *
   * @throws IOException after everything that could be removed is removed
   */
  @Override
  public void close() throws IOException {
    try (threads) {
      remove();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(atTheEnd);
    } catch (IllegalStateException e) {
      // The JVM is ending, and its hook finds nothing left to do.
      return;
    }
  }

  private void remove() throws IOException {
    try {
      wiring.close();
    } finally {
      Namespace.remove(Namespace.names(name -> name.startsWith(prefix)));
    }
  }

  private void removeAtTheEnd() {
    try {
      remove();
    } catch (IOException e) {
      System.err.println("some of " + prefix + " is left: " + e);
    }
  }
}
