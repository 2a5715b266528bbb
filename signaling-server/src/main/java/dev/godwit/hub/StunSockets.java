package dev.godwit.hub;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sockets of one STUN port, one for each address of this machine. For one thread. */
final class StunSockets {
  private final Map<InetAddress, Channel> byAddress = new LinkedHashMap<>();

  void add(Channel socket) {
    byAddress.put(address(socket).getAddress(), socket);
  }

  /** Where the first one is bound. */
  InetSocketAddress address() {
    return address(byAddress.values().iterator().next());
  }

  private static InetSocketAddress address(Channel socket) {
    return (InetSocketAddress) socket.localAddress();
  }

  /** Lets each socket answer from the other port of the same address, when it is asked to. */
  void pairWith(StunSockets other) {
    byAddress.forEach(
        (address, socket) -> {
          @Nullable Channel there = other.byAddress.get(address);
          if (there != null) {
            socket.pipeline().get(StunResponder.class).pairWith(there);
            there.pipeline().get(StunResponder.class).pairWith(socket);
          }
        });
  }
}
