package dev.godwit.cli;

import dev.godwit.hub.Hub;
import dev.godwit.hub.HubConfig;
import dev.godwit.node.NodeException;
import dev.godwit.signaling.HubAddress;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "0.0.0.0:7007",
      description = "Where to listen, TCP and UDP (default: ${DEFAULT-VALUE}).")
  private String listen = "0.0.0.0:7007";

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

  @Override
  ExitStatus run(Output output) throws Exception {
    InetSocketAddress address = ListenOption.parse(listen, DEFAULT_PORT);
    Termination termination = new Termination();
    Path directory = data != null ? data : common().nodeHome().hubDirectory();
    HubConfig config;
    try {
      config = HubConfig.in(directory, address, InstantSource.system(), new SecureRandom());
    } catch (IllegalArgumentException e) {
      throw new NodeException(NodeException.Kind.USAGE, String.valueOf(e.getMessage()), e);
    }
    try (Hub hub = Hub.start(config)) {
      HubAddress reachable =
          new HubAddress(host(hub.address()), hub.address().getPort(), hub.fingerprint());
      output.line("The hub is up. Its address, for 'godwit mesh create NAME --hub ADDRESS':");
      output.line("  " + output.strong(reachable.toString()));
      output.event(
          Json.event("ready")
              .put("address", reachable)
              .put("port", hub.address().getPort())
              .put("stunPort", hub.stunAddress().getPort()));
      termination.requested().get();
    } catch (BindException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          e.getMessage() + ". Is a hub running there already? Choose another one with --listen.",
          e);
    } finally {
      termination.finished(ExitStatus.DONE.code());
    }
    output.event(Json.event("result").put("ok", true));
    return ExitStatus.DONE;
  }

  private String host(InetSocketAddress bound) throws java.net.UnknownHostException {
    if (advertise != null) {
      return advertise;
    }
    return bound.getAddress().isAnyLocalAddress()
        ? InetAddress.getLocalHost().getHostName()
        : bound.getAddress().getHostAddress();
  }
}
