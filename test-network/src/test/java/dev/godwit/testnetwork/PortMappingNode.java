package dev.godwit.testnetwork;

import dev.godwit.portmap.MappingProtocol;
import dev.godwit.portmap.PortMapping;
import dev.godwit.portmap.PortMapping.Mapping;
import dev.godwit.testing.Patience;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process that has its ports mapped until it is ended, and says so as JSON. */
final class PortMappingNode {
  private static final Duration PATIENCE = Patience.seconds(60);

  private PortMappingNode() {}

  /** Arguments: UDP port, TCP port or nothing, protocols. */
  public static void main(String[] args) throws InterruptedException {
    PortMapping.Settings settings =
        new PortMapping.Settings(
            Duration.ofMinutes(2),
            Duration.ofMinutes(10),
            Stream.of(args).skip(2).map(MappingProtocol::valueOf).collect(Collectors.toSet()));
    OptionalInt tcp =
        args[1].isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(args[1]));
    PortMapping mapping = PortMapping.start(Integer.parseInt(args[0]), tcp, settings);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(mapping)));
    System.out.println("{\"event\":\"started\"}");
    Optional<Mapping> mapped = mapping.await(PATIENCE);
    String candidates = ",\"candidates\":" + mapping.candidates().size() + "}";
    System.out.println(
        mapped.map(PortMappingNode::describe).orElse("{\"event\":\"nothing\"") + candidates);
    Thread.currentThread().join();
  }

  private static void end(PortMapping mapping) {
    mapping.close();
    System.out.println("{\"event\":\"closed\"}");
  }

  private static String describe(Mapping mapped) {
    return "{\"event\":\"mapped\",\"protocol\":\""
        + mapped.protocol()
        + "\",\"address\":\""
        + mapped.udp().getAddress().getHostAddress()
        + "\",\"udp\":"
        + mapped.udp().getPort()
        + ",\"tcp\":"
        + mapped.tcp().map(InetSocketAddress::getPort).orElse(0);
  }
}
