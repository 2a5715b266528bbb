package dev.godwit.cli;

import dev.godwit.doctor.Finding;
import dev.godwit.doctor.HubChecks;
import dev.godwit.doctor.LocalChecks;
import dev.godwit.node.Diagnosis;
import dev.godwit.node.DurationWords;
import dev.godwit.node.Explanation;
import dev.godwit.node.MeshInfo;
import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.path.AddressText;
import dev.godwit.path.NatBehaviour;
import dev.godwit.signaling.RelayLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Find out what this machine and its network allow, and what to do where they do not.",
      "Looks at native libraries, FUSE and disks, limits and room; then at the hub (its name, TCP,"
          + " TLS, its clock, STUN at each address), the NAT, the router and the relay. Takes up to"
          + " five seconds; the exit status is 4 when the hub cannot be reached."
    })
final class DoctorCommand extends Verb {
  private static final Duration STEP = Duration.ofMillis(1500);

  /** A difference of clocks that nobody notices. */
  private static final Duration SAME_TIME = Duration.ofSeconds(5);

  @Mixin private final ListenOption listen = new ListenOption();

  @Override
  ExitStatus run(Output output) throws Exception {
    // What the node would say while it waits, and of this machine, is among the findings.
    NodeSettings settings = listen.settings();
    NodeHome home = common().nodeHomeUnseen();
    new LocalChecks(home.directory(), System.getenv()).tell(found -> tell(output, found));
    try {
      home.checkReadable();
    } catch (IOException e) {
      return closed(output, Explanation.of(e));
    }
    if (!home.isMember()) {
      tell(
          output,
          Finding.note(
              "mesh",
              "this node is in no mesh yet, so its hub cannot be looked at",
              "Join one with 'godwit mesh join', or make one with 'godwit mesh create"
                  + " NAME --hub ADDRESS'."));
      output.event(Json.event("result").put("ok", true).put("hub", (Object) null));
      return ExitStatus.DONE;
    }
    MeshInfo mesh;
    try {
      mesh = home.mesh();
    } catch (NodeException e) {
      tell(
          output,
          Finding.trouble(
              "mesh",
              String.valueOf(e.getMessage()),
              "Bring it back from a backup, or delete it and join again."));
      return ended(output, ExitStatus.of(e), String.valueOf(e.getMessage()));
    }
    CompletableFuture<Node> starting = begin(home, settings);
    List<InetAddress> open =
        new HubChecks(mesh.hub().host(), mesh.hub().port(), STEP)
            .tell(found -> tell(output, found));
    output.waiting("logging in at the hub");
    try (Node node = starting.join()) {
      network(output, node, open);
    } catch (CompletionException e) {
      return noHub(output, mesh.hub().hostAndPort(), open, e);
    }
    return ExitStatus.DONE;
  }

  /** Nobody knows whether this node is in a mesh. */
  private static ExitStatus closed(Output output, NodeException why) {
    String sentence = String.valueOf(why.getMessage());
    tell(
        output,
        Finding.trouble(
            "mesh", "which mesh this node is in, and with which hub, cannot be seen", sentence));
    return ended(output, ExitStatus.of(why), sentence);
  }

  /** Says it once: among the findings, and for programs in the result. */
  private static ExitStatus noHub(
      Output output, String hub, List<InetAddress> open, CompletionException failure) {
    NodeException why = Explanation.of(failure);
    String sentence = String.valueOf(why.getMessage());
    tell(
        output,
        open.isEmpty()
            ? Finding.trouble(
                "hub",
                "nobody can log in at " + hub,
                "What runs goes on; nothing new begins before the hub is there.")
            : new Finding("hub", Finding.Grade.TROUBLE, sentence, Optional.empty()));
    return ended(output, ExitStatus.of(why), sentence);
  }

  private static ExitStatus ended(Output output, ExitStatus status, String sentence) {
    output.event(
        Json.event("result").put("ok", false).put("status", status.code()).put("error", sentence));
    return status;
  }

  private static CompletableFuture<Node> begin(NodeHome home, NodeSettings settings) {
    CompletableFuture<Node> starting = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("login")
        .start(
            () -> {
              try {
                starting.complete(Node.start(home, settings.withHubPatience(STEP.multipliedBy(2))));
              } catch (IOException | RuntimeException | LinkageError e) {
                starting.completeExceptionally(e);
              }
            });
    return starting;
  }

  private static void network(Output output, Node node, List<InetAddress> addresses)
      throws IOException {
    String hub = node.mesh().hub().hostAndPort();
    tell(output, Finding.good("hub", hub + " is there, and is the right one"));
    tell(output, clock(node.clockAhead()));
    if (node.isElsewhereToo()) {
      tell(
          output,
          Finding.trouble(
              "identity",
              "another machine, or a copy of this node's folder, uses the same one",
              "End one of them, and join there with another --home and a ticket of its own."));
    }
    for (InetAddress address : addresses) {
      tell(output, stun(address, node.seenBy(address)));
    }
    output.waiting("asking the router and probing the NAT");
    Diagnosis found = node.diagnose();
    NatBehaviour nat = found.nat();
    tell(
        output,
        Finding.good(
            "seen",
            text(found.seen())
                + " over TCP, "
                + nat.outside().map(DoctorCommand::text).orElse("not at all")
                + " over UDP"));
    tell(
        output,
        Finding.good(
            "here",
            String.join(
                ", ",
                found.addresses().stream()
                    .map(AddressText::parse)
                    .map(DoctorCommand::text)
                    .toList())));
    tell(output, nat(nat));
    tell(output, router(found));
    tell(output, relay(found));
    output.line("");
    output.line(found.meaning());
    output.event(
        Json.event("result")
            .put("ok", true)
            .put("hub", hub)
            .put("seenTcp", AddressText.format(found.seen()))
            .put("seenUdp", nat.outside().map(AddressText::format).orElse(null))
            .put("mapping", word(nat.mapping()))
            .put("filtering", word(nat.filtering()))
            .put("hairpin", word(nat.hairpin()))
            .put(
                "portMapping",
                found.mapping().map(one -> AddressText.format(one.udp())).orElse(null))
            .put("relay", found.relay().isPresent())
            .put("meaning", found.meaning()));
  }

  private static Finding clock(Optional<Duration> ahead) {
    if (ahead.isEmpty()) {
      return Finding.note("clock", "the hub does not tell its time", "Bring the hub up to date.");
    }
    Duration difference = Duration.ofSeconds(Math.round(ahead.get().toMillis() / 1000.0));
    if (difference.abs().compareTo(SAME_TIME) <= 0) {
      return Finding.good("clock", "the same as the hub's");
    }
    return Finding.trouble(
        "clock",
        DurationWords.of(difference.abs())
            + (difference.isNegative() ? " behind" : " ahead of")
            + " the hub's",
        "Set the one that is wrong: timedatectl set-ntp true. Tickets and members can look expired,"
            + " or away, until then.");
  }

  private static Finding stun(InetAddress address, Optional<InetSocketAddress> seen) {
    String at = address.getHostAddress() + AddressText.remark(address);
    return seen.map(outside -> Finding.good("stun", at + " answers; it sees " + text(outside)))
        .orElseGet(
            () ->
                Finding.note(
                    "stun",
                    at + " does not answer over UDP",
                    "A firewall drops UDP, here or there; nodes then connect over TCP or the"
                        + " relay."));
  }

  private static Finding nat(NatBehaviour nat) {
    return Finding.good(
        "nat", "mapping " + word(nat.mapping()) + ", filtering " + word(nat.filtering()));
  }

  private static Finding router(Diagnosis found) {
    return found
        .mapping()
        .map(
            mapping ->
                Finding.good(
                    "router",
                    "opens ports ("
                        + mapping.protocol().name().replace('_', '-')
                        + "): "
                        + text(mapping.udp())))
        .orElseGet(() -> Finding.good("router", "opens no ports on request"));
  }

  private static Finding relay(Diagnosis found) {
    return found
        .relay()
        .map(relay -> Finding.good("relay", "the hub relays" + limits(relay.limits())))
        .orElseGet(
            () ->
                Finding.note(
                    "relay",
                    "the hub relays nothing",
                    "Nodes that find no direct way do not reach each other through this hub."));
  }

  /** One finding, and below it what to do. */
  static void tell(Output output, Finding found) {
    Terminal terminal = output.terminal();
    String mark =
        switch (found.grade()) {
          case GOOD -> terminal.tick();
          case NOTE -> terminal.attention();
          case TROUBLE -> terminal.cross();
        };
    String head = mark + String.format(" %-8s ", found.topic());
    int margin = DisplayText.columns(head);
    output.line(head + found.text(), margin);
    found.advice().ifPresent(advice -> output.line(" ".repeat(margin) + advice, margin));
    @Nullable String advice = found.advice().orElse(null);
    output.event(
        Json.event("finding")
            .put("topic", found.topic())
            .put("grade", word(found.grade()))
            .put("text", found.text())
            .put("advice", advice));
  }

  private static String text(InetSocketAddress address) {
    return AddressText.format(address) + AddressText.remark(address.getAddress());
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String limits(RelayLimits limits) {
    StringBuilder text = new StringBuilder();
    if (limits.bytesPerSecond() > 0) {
      text.append(", ").append(Units.bytes(limits.bytesPerSecond())).append("/s for all together");
    }
    if (limits.bytesPerCircuit() > 0) {
      text.append(", ").append(Units.bytes(limits.bytesPerCircuit())).append(" at a time");
    }
    if (limits.perCircuit().isPositive()) {
      text.append(", ").append(DurationWords.of(limits.perCircuit())).append(" at a time");
    }
    return text.toString();
  }
}
