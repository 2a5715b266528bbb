package dev.godwit.testnetwork;

import dev.godwit.lan.LanDiscovery;
import dev.godwit.lan.LanPeer;
import dev.godwit.membership.MeshId;
import dev.godwit.seal.InstanceId;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;

/** A process that announces itself in the LAN until it is ended, and says as JSON who is there. */
final class LanNode {
  private static final long STEP_NANOS = 50_000_000;

  private LanNode() {}

  /** Arguments: mesh id, QUIC port, TLS port. */
  public static void main(String[] args) {
    LanDiscovery discovery =
        LanDiscovery.start(
            MeshId.parse(args[0]),
            InstanceId.random(new SecureRandom()),
            Integer.parseInt(args[1]),
            OptionalInt.of(Integer.parseInt(args[2])),
            InstantSource.system());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(discovery)));
    discovery.onPeer(LanNode::heard);
    List<LanPeer> before = List.of();
    while (!Thread.currentThread().isInterrupted()) {
      List<LanPeer> now = discovery.peers();
      if (!now.equals(before)) {
        System.out.println("{\"event\":\"peers\",\"count\":" + now.size() + "}");
        before = now;
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  private static void heard(LanPeer peer) {
    System.out.println(
        "{\"event\":\"peer\",\"quic\":\""
            + text(peer.quic())
            + "\",\"tls\":\""
            + text(peer.tls())
            + "\"}");
  }

  private static String text(List<InetSocketAddress> addresses) {
    return String.join(
        " ",
        addresses.stream()
            .map(address -> address.getAddress().getHostAddress() + ":" + address.getPort())
            .toList());
  }

  private static void end(LanDiscovery discovery) {
    discovery.close();
    System.out.println("{\"event\":\"closed\"}");
  }
}
