package dev.godwit.cli;

import dev.godwit.node.Diagnosis;
import dev.godwit.node.Node;
import dev.godwit.path.AddressText;
import dev.godwit.path.NatBehaviour;
import dev.godwit.signaling.RelayLimits;
import java.net.InetSocketAddress;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Find out what this network allows, and what that means.",
      "Tells the kind of NAT, whether UDP gets out, whether the router opens ports, and"
          + " whether the hub relays."
    })
final class DoctorCommand extends Verb {
  @Mixin private final ListenOption listen = new ListenOption();

  @Override
  ExitStatus run(Output output) throws Exception {
    try (Node node = Node.start(common().nodeHome(), told(listen.settings()))) {
      Diagnosis found = node.diagnose();
      NatBehaviour nat = found.nat();
      output.line("hub      " + node.mesh().hub().hostAndPort() + " is there");
      output.line("seen as  " + AddressText.format(found.seen()) + " over TCP");
      output.line(
          "         " + nat.outside().map(DoctorCommand::text).orElse("not at all") + " over UDP");
      output.line("here     " + String.join(", ", found.addresses()));
      output.line(
          "nat      mapping " + word(nat.mapping()) + ", filtering " + word(nat.filtering()));
      output.line(
          "router   "
              + found
                  .mapping()
                  .map(
                      mapping ->
                          "opens ports ("
                              + mapping.protocol().name().replace('_', '-')
                              + "): "
                              + text(mapping.udp()))
                  .orElse("opens no ports on request"));
      output.line(
          "relay    "
              + found
                  .relay()
                  .map(relay -> "the hub relays" + limits(relay.limits()))
                  .orElse("the hub relays nothing"));
      output.line("");
      output.line(found.meaning());
      output.event(
          Json.event("result")
              .put("ok", true)
              .put("hub", node.mesh().hub().hostAndPort())
              .put("seenTcp", AddressText.format(found.seen()))
              .put("seenUdp", nat.outside().map(DoctorCommand::text).orElse(null))
              .put("mapping", word(nat.mapping()))
              .put("filtering", word(nat.filtering()))
              .put("hairpin", word(nat.hairpin()))
              .put("portMapping", found.mapping().map(one -> text(one.udp())).orElse(null))
              .put("relay", found.relay().isPresent())
              .put("meaning", found.meaning()));
    }
    return ExitStatus.DONE;
  }

  private static String text(InetSocketAddress address) {
    return AddressText.format(address);
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
      text.append(", ").append(Units.clock(limits.perCircuit())).append(" at a time");
    }
    return text.toString();
  }
}
