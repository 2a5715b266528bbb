package dev.godwit.conformance;

import dev.godwit.identity.NodeId;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** Machines between which packets take 10 ms, and one in two hundred of them gets lost. */
final class BadLinks implements AutoCloseable {
  /** What conformance may take longer than on loopback. */
  static final int SLOWNESS = 3;

  /** Of each of the two links that a packet passes. */
  static final LinkProfile HALF =
      LinkProfile.PERFECT.withDelay(Duration.ofMillis(5)).withLoss(0.0025);

  private final Internet internet;
  private int machines;

  BadLinks() throws IOException {
    internet = Internet.create();
  }

  /** A machine with a bad link. */
  Host machine() throws IOException {
    return internet.host("machine" + ++machines, NatKind.NONE, HALF);
  }

  /** A machine with a perfect link, for what stands between two others. */
  Host middle() throws IOException {
    return internet.host("middle");
  }

  /** What {@code opening} opens, used from inside of the host, where its sockets belong. */
  static Transport inside(Host host, Callable<? extends Transport> opening) throws IOException {
    return new Inside(host, host.call(opening::call));
  }

  /** Runs in the host, and fails as if it had run here. */
  static <T> T call(Host host, Callable<T> work) throws IOException {
    try {
      return host.call(work);
    } catch (IOException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    internet.close();
  }

  private record Inside(Host host, Transport transport) implements Transport {
    @Override
    public String name() {
      return transport.name();
    }

    @Override
    public List<String> addresses() {
      return transport.addresses();
    }

    @Override
    public Connection dial(NodeId peer, List<String> addresses, Duration timeout)
        throws IOException {
      return call(host, () -> transport.dial(peer, addresses, timeout));
    }

    @Override
    public void listen(Consumer<Connection> listener) {
      transport.listen(listener);
    }

    @Override
    public void close() {
      transport.close();
    }
  }
}
