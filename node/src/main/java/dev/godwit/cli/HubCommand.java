package dev.godwit.cli;

import dev.godwit.hub.Hub;
import dev.godwit.hub.HubConfig;
import dev.godwit.hub.HubLimits;
import dev.godwit.identity.HubCertificate;
import dev.godwit.node.DurationWords;
import dev.godwit.node.Explanation;
import dev.godwit.node.NodeException;
import dev.godwit.path.AddressText;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubDraining;
import dev.godwit.signaling.RelayLimits;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "hub",
    mixinStandardHelpOptions = true,
    description = {
      "Run the hub: the server through which nodes find each other.",
      "It sees who talks to whom, and cannot read or change what they say."
    })
final class HubCommand extends Verb {
  private static final int DEFAULT_PORT = 7007;
  private static final int MAX_PORT = 65_535;
  private static final DurationRange AWAY = new DurationRange(Duration.ZERO, Duration.ofDays(1));

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = ":7007",
      description =
          "Where to listen, TCP and UDP: HOST:PORT, HOST, or a port at every address (default:"
              + " every address, port 7007). An IPv6 address is in brackets. STUN is answered on the next"
              + " UDP port, too.")
  private String listen = ":7007";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where the hub keeps its certificate (default: hub in the home of the node).")
  private @Nullable Path data;

  @Option(
      names = "--advertise",
      paramLabel = "HOST",
      description = "The name or address by which nodes reach this machine.")
  private @Nullable String advertise;

  @Option(
      names = "--drain",
      paramLabel = "TIME",
      defaultValue = "5s",
      description =
          "How long relayed connections may go on after Ctrl-C or SIGTERM; it ends earlier when"
              + " there are none left (default: ${DEFAULT-VALUE}).")
  private Duration drain = Duration.ofSeconds(5);

  @Option(
      names = "--back-in",
      paramLabel = "TIME",
      description = "What nodes are told then of how long the hub will be away.")
  private Duration backIn = Duration.ZERO;

  @Mixin private final RelayOptions relay = new RelayOptions();

  @Override
  ExitStatus run(Output output) throws Exception {
    InetSocketAddress address = ListenOption.parse(listen, DEFAULT_PORT);
    Optional<String> advertised = advertised();
    Optional<RelayLimits> limits = relay.limits();
    AWAY.check("--drain", drain);
    AWAY.check("--back-in", backIn);
    Termination termination = termination(drain);
    Path directory = data != null ? data : common().nodeHome().hubDirectory();
    try {
      try (Hub hub = start(directory, address, limits)) {
        List<HubAddress> reachable = reachable(hub, advertised);
        show(output, reachable);
        output.line(RelayOptions.sentence(limits));
        output.event(
            RelayOptions.describe(
                Json.event("ready")
                    .put("address", reachable.getFirst())
                    .put("port", hub.address().getPort())
                    .put("stunPort", hub.stunAddress().getPort())
                    .put("secondStunPort", hub.secondStunPort().orElse(0)),
                limits));
        termination.requested().get();
        drain(output, hub);
      }
      output.event(Json.event("result").put("ok", true));
    } catch (BindException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          Explanation.of(e).getMessage() + " The option is --listen.",
          e);
    }
    return ExitStatus.DONE;
  }

  /** Starts it; where it cannot listen no certificate is kept that nobody would ever see. */
  private static Hub start(Path directory, InetSocketAddress address, Optional<RelayLimits> limits)
      throws IOException {
    SecureRandom random = new SecureRandom();
    InstantSource clock = InstantSource.system();
    HubCertificate certificate = HubCertificate.loadOrGenerate(directory, clock, random);
    Hub hub;
    try {
      hub =
          Hub.start(
              new HubConfig(
                  address,
                  OptionalInt.of(next(address.getPort())),
                  certificate,
                  HubLimits.defaults(),
                  limits,
                  Optional.of(directory.resolve("revocations")),
                  clock,
                  random));
    } catch (IllegalArgumentException e) {
      throw new NodeException(NodeException.Kind.USAGE, String.valueOf(e.getMessage()), e);
    }
    try {
      certificate.keep(directory);
    } catch (IOException e) {
      hub.close();
      throw e;
    }
    return hub;
  }

  private void drain(Output output, Hub hub) throws InterruptedException {
    int connections = hub.circuits();
    if (connections > 0) {
      output.line(
          Words.count(connections, "relayed connection")
              + " may go on for "
              + DurationWords.of(drain)
              + "; nothing new is relayed.");
    }
    output.event(
        Json.event("draining")
            .put("relayedConnections", connections)
            .put("seconds", drain.toSeconds())
            .put("backInSeconds", backIn.toSeconds()));
    hub.drain(new HubDraining(drain, backIn));
  }

  /** The port that follows; any one when there is none, or the first one is not known yet. */
  private static int next(int port) {
    return port == 0 || port == MAX_PORT ? 0 : port + 1;
  }

  /** The host that nodes are told, an IPv6 address without its brackets. */
  private Optional<String> advertised() throws NodeException {
    if (advertise == null) {
      return Optional.empty();
    }
    String host =
        advertise.startsWith("[") && advertise.endsWith("]")
            ? advertise.substring(1, advertise.length() - 1)
            : advertise;
    try {
      return Optional.of(HubAddress.requireHost(host));
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "'"
              + advertise
              + "' is no HOST to advertise; write a name or an address alone, for example"
              + " hub.example.org. The port is that of --listen.",
          e);
    }
  }

  /** Where others find this hub, the best place first. */
  private static List<HubAddress> reachable(Hub hub, Optional<String> advertised)
      throws SocketException {
    int port = hub.address().getPort();
    List<String> hosts =
        advertised.isPresent()
            ? List.of(advertised.get())
            : AddressText.reachable(hub.address()).stream()
                .map(text -> AddressText.parse(text).getAddress().getHostAddress())
                .toList();
    return hosts.stream().map(host -> new HubAddress(host, port, hub.fingerprint())).toList();
  }

  private void show(Output output, List<HubAddress> addresses) {
    output.line("The hub is up. Its address, for 'godwit mesh create NAME --hub ADDRESS':");
    output.verbatim("  " + output.terminal().strong(addresses.getFirst().toString()));
    String remark = remark(addresses.getFirst());
    if (!remark.isEmpty()) {
      output.line(
          "Machines elsewhere do not reach it there"
              + remark
              + "; --advertise HOST says where they do.");
    }
    List<String> others =
        addresses.stream()
            .skip(1)
            .filter(other -> !remark(other).contains("only"))
            .map(other -> other.hostAndPort() + remark(other))
            .toList();
    if (!others.isEmpty()) {
      output.line("The same hub is at " + String.join(", ", others) + ".");
    }
  }

  private static String remark(HubAddress address) {
    try {
      return AddressText.remark(InetAddress.ofLiteral(address.host()));
    } catch (IllegalArgumentException e) {
      // A name: who gave it knows what it means.
      return "";
    }
  }
}
