package dev.godwit.internet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The machines of an internet, as text with one machine in a line:
 *
 * <pre>
 * hub:   public                                          # a comment
 * alice: port-restricted
 * bob:   symmetric, delay 20ms, loss 0.1%, rate 100mbit
 * home:  nat endpoint-independent, hairpin, jitter 1ms, delay 5ms
 * carol: behind home
 * dave:  behind home
 * </pre>
 *
 * <p>A machine is {@code public}, behind a translator of its own of one of the {@link NatKind}s in
 * small letters with hyphens, such as {@code port-restricted}, {@code behind} a translator of an
 * earlier line, or itself such a translator: {@code nat} and its kind. What follows is the {@link
 * LinkProfile} of its link to the internet: {@code delay} and {@code jitter} with {@code us},
 * {@code ms} or {@code s}; {@code loss} and {@code reordering} with {@code %}; {@code rate} with
 * {@code kbit}, {@code mbit} or {@code gbit}; {@code queue} with {@code B}, {@code KiB} or {@code
 * MiB}. A translator may have a {@code hairpin}.
 *
 * @param machines in the order of their lines
 */
public record Topology(List<Machine> machines) {
  private static final String BEHIND = "behind ";
  private static final String NAT = "nat ";
  private static final String PUBLIC = "public";

  /** What one line says. */
  public sealed interface Machine {
    /** What it is called. */
    String name();
  }

  /**
   * A host with a link of its own to the internet.
   *
   * @param name what it is called
   * @param kind the kind of its own translator
   * @param profile its link to the internet
   */
  public record Single(String name, NatKind kind, LinkProfile profile) implements Machine {}

  /**
   * A translator for several hosts.
   *
   * @param name what it is called
   * @param kind how it behaves
   * @param hairpin whether its hosts reach each other's outside endpoints
   * @param profile its link to the internet
   */
  public record Home(String name, NatKind kind, Hairpin hairpin, LinkProfile profile)
      implements Machine {}

  /**
   * A host behind a translator for several.
   *
   * @param name what it is called
   * @param home what the translator is called
   */
  public record Member(String name, String home) implements Machine {}

  /** Copies the list. */
  public Topology {
    machines = List.copyOf(machines);
  }

  /**
   * Reads a topology.
   *
   * @throws TopologyException when it cannot be understood
   */
  public static Topology parse(String text) {
    Map<String, Machine> machines = new LinkedHashMap<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceFirst("#.*", "").strip();
      if (line.isEmpty()) {
        continue;
      }
      Machine machine = machine(i + 1, line, machines);
      if (machines.putIfAbsent(machine.name(), machine) != null) {
        throw new TopologyException(i + 1, "there is a '" + machine.name() + "' already");
      }
    }
    return new Topology(new ArrayList<>(machines.values()));
  }

  private static Machine machine(int number, String line, Map<String, Machine> known) {
    int colon = line.indexOf(':');
    if (colon < 0) {
      throw new TopologyException(
          number, "'" + line + "' is not a name, a colon and what it is, as in 'hub: public'");
    }
    String name = line.substring(0, colon).strip();
    if (!Internet.isName(name)) {
      throw new TopologyException(number, "'" + name + "' is not a name: " + Internet.NAME_RULE);
    }
    List<String> parts =
        Stream.of(line.substring(colon + 1).split(",", -1)).map(String::strip).toList();
    String what = parts.getFirst();
    LinkOptions options = new LinkOptions(number);
    parts.subList(1, parts.size()).forEach(options::add);
    if (what.startsWith(BEHIND)) {
      String home = what.substring(BEHIND.length()).strip();
      if (!(known.get(home) instanceof Home)) {
        throw new TopologyException(
            number, "no line before this one is '" + home + ": nat' and its kind");
      }
      if (parts.size() > 1) {
        throw new TopologyException(
            number, "the link to the internet is that of '" + home + "': say it there");
      }
      return new Member(name, home);
    }
    if (what.startsWith(NAT)) {
      NatKind kind = kind(number, what.substring(NAT.length()).strip());
      try {
        Ruleset.check(kind, options.hairpin());
      } catch (IllegalArgumentException e) {
        throw new TopologyException(number, String.valueOf(e.getMessage()));
      }
      return new Home(name, kind, options.hairpin(), options.profile());
    }
    NatKind kind = kind(number, what);
    if (options.hairpin() == Hairpin.ON) {
      throw new TopologyException(
          number, "a hairpin needs hosts that share a translator: 'home: nat " + what + "'");
    }
    return new Single(name, kind, options.profile());
  }

  private static String word(NatKind kind) {
    return kind == NatKind.NONE ? PUBLIC : kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static NatKind kind(int number, String word) {
    Optional<NatKind> kind =
        Stream.of(NatKind.values()).filter(each -> word(each).equals(word)).findFirst();
    return kind.orElseThrow(
        () ->
            new TopologyException(
                number,
                "'"
                    + word
                    + "' is none of "
                    + Stream.of(NatKind.values())
                        .map(Topology::word)
                        .collect(Collectors.joining(", "))
                    + ", 'nat' and one of these, or 'behind' and a nat's name"));
  }

  /**
   * Makes the machines, each under its name: see {@link Internet#named}.
   *
   * @param seed as for {@link Internet#create(long)}
   * @throws IOException when a machine cannot be made; then there is nothing to close
   */
  public Internet build(long seed) throws IOException {
    Internet internet = Internet.create(seed);
    try {
      Map<String, Nat> homes = new LinkedHashMap<>();
      for (Machine machine : machines) {
        switch (machine) {
          case Single(String name, NatKind kind, LinkProfile profile) ->
              internet.host(name, kind, profile);
          case Home(String name, NatKind kind, Hairpin hairpin, LinkProfile profile) ->
              homes.put(name, internet.nat(name, kind, hairpin, profile));
          case Member(String name, String home) -> {
            Nat nat = homes.get(home);
            if (nat == null) {
              throw new IllegalArgumentException(name + " is behind " + home + ", which is no nat");
            }
            nat.host(name);
          }
        }
      }
      return internet;
    } catch (IOException | RuntimeException e) {
      try {
        internet.close();
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }
}
