package dev.godwit.portmap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The router that this machine's IPv4 traffic takes.
 *
 * @param address the router's
 * @param own this machine's, as the router sees it
 */
record DefaultGateway(InetAddress address, InetAddress own) {
  /** As the calling thread's network has it, which need not be that of the whole process. */
  private static final Path ROUTES = Path.of("/proc/thread-self/net/route");

  private static final int DESTINATION = 1;
  private static final int GATEWAY = 2;
  private static final int FLAGS = 3;
  private static final int METRIC = 6;
  private static final int MASK = 7;
  private static final int UP_AND_GATEWAY = 0x3;
  private static final int ANY_PORT = 9;

  /**
   * Finds it. Empty where there is none, or the system is not Linux.
   *
   * @throws IOException when there is a router, but no way to it
   */
  static Optional<DefaultGateway> find() throws IOException {
    if (!Files.isReadable(ROUTES)) {
      return Optional.empty();
    }
    Optional<InetAddress> gateway = parse(Files.readAllLines(ROUTES));
    if (gateway.isEmpty()) {
      return Optional.empty();
    }
    try (DatagramSocket socket = new DatagramSocket()) {
      // Sends nothing: the kernel only picks an address to send from.
      socket.connect(gateway.get(), ANY_PORT);
      return Optional.of(new DefaultGateway(gateway.get(), socket.getLocalAddress()));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The gateway of the default route with the lowest metric: see proc_net_route in proc(5). */
  static Optional<InetAddress> parse(List<String> lines) {
    Optional<InetAddress> best = Optional.empty();
    long lowest = Long.MAX_VALUE;
    for (String line : lines) {
      String[] fields = line.strip().split("\\s+", -1);
      if (fields.length > MASK
          && fields[DESTINATION].equals("00000000")
          && fields[MASK].equals("00000000")
          && fields[GATEWAY].matches("[0-9A-Fa-f]{8}")
          && fields[FLAGS].matches("[0-9A-Fa-f]{1,8}")
          && fields[METRIC].matches("[0-9]{1,10}")
          && (Long.parseLong(fields[FLAGS], 16) & UP_AND_GATEWAY) == UP_AND_GATEWAY
          && Long.parseLong(fields[METRIC]) < lowest) {
        lowest = Long.parseLong(fields[METRIC]);
        best = Optional.of(address((int) Long.parseLong(fields[GATEWAY], 16)));
      }
    }
    return best;
  }

  /** The kernel prints the number as it lies in memory; only little-endian machines are known. */
  private static InetAddress address(int number) {
    int turned = Integer.reverseBytes(number);
    try {
      return InetAddress.getByAddress(
          new byte[] {
            (byte) (turned >>> 24), (byte) (turned >>> 16), (byte) (turned >>> 8), (byte) turned
          });
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
