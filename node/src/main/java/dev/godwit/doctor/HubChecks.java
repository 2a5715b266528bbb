package dev.godwit.doctor;

import dev.godwit.path.AddressText;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * How far one gets on the way to a hub: its name, and a TCP connection to each of its addresses.
 */
public final class HubChecks {
  private final String host;
  private final int port;
  private final Duration patience;

  /**
   * Checks of one hub.
   *
   * @param patience how long each of the two steps may take
   */
  public HubChecks(String host, int port, Duration patience) {
    this.host = host;
    this.port = port;
    this.patience = patience;
  }

  /**
   * Tells everything, as it is known.
   *
   * @return the hub's addresses that accept connections
   * @throws InterruptedException when interrupted meanwhile
   */
  public List<InetAddress> tell(Consumer<Finding> told) throws InterruptedException {
    List<InetAddress> addresses;
    try {
      addresses = within(() -> List.of(InetAddress.getAllByName(host)));
    } catch (UnknownHostException e) {
      if (String.valueOf(e.getMessage()).contains("Temporary failure")) {
        told.accept(nobodyKnows());
        return List.of();
      }
      told.accept(
          Finding.trouble(
              "name",
              "the name " + host + " of the hub is not known",
              "Is it spelled correctly, and does DNS work here ('getent hosts " + host + "')?"));
      return List.of();
    } catch (IOException | TimeoutException e) {
      told.accept(nobodyKnows());
      return List.of();
    }
    told.accept(Finding.good("name", host + " is " + list(addresses)));
    return reachable(addresses, told);
  }

  private Finding nobodyKnows() {
    return Finding.trouble(
        "name",
        "nobody says which address " + host + " has: no DNS server answers",
        "Is the network up? /etc/resolv.conf names the servers.");
  }

  private List<InetAddress> reachable(List<InetAddress> addresses, Consumer<Finding> told)
      throws InterruptedException {
    List<CompletableFuture<Finding>> asked = new ArrayList<>();
    for (InetAddress address : addresses) {
      asked.add(begin(() -> connect(address)));
    }
    List<InetAddress> open = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      try {
        Finding finding = asked.get(i).get(patience.toMillis() * 2, TimeUnit.MILLISECONDS);
        told.accept(finding);
        if (finding.grade() == Finding.Grade.GOOD) {
          open.add(addresses.get(i));
        }
      } catch (ExecutionException | TimeoutException e) {
        told.accept(silent(addresses.get(i)));
      }
    }
    return open;
  }

  private Finding connect(InetAddress address) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), (int) patience.toMillis());
      return Finding.good("tcp", text(address) + " accepts connections");
    } catch (ConnectException e) {
      if (String.valueOf(e.getMessage()).contains("unreachable")) {
        return Finding.trouble(
            "tcp",
            "this machine has no way to " + text(address),
            "No network is up that leads there; 'ip route' shows those that are.");
      }
      return Finding.trouble(
          "tcp",
          text(address) + " refuses: nothing listens there",
          "Is 'godwit hub' running on that machine, and the port right?");
    } catch (IOException e) {
      return silent(address);
    }
  }

  private Finding silent(InetAddress address) {
    return Finding.trouble(
        "tcp",
        text(address) + " does not answer",
        "The machine is off, or a firewall drops what is sent to it.");
  }

  private String text(InetAddress address) {
    return AddressText.format(new InetSocketAddress(address, port)) + AddressText.remark(address);
  }

  private static String list(List<InetAddress> addresses) {
    return String.join(
        ", ",
        addresses.stream()
            .map(address -> address.getHostAddress() + AddressText.remark(address))
            .toList());
  }

  private interface Step<T> {
    T run() throws IOException;
  }

  private static <T> CompletableFuture<T> begin(Step<T> step) {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("doctor")
        .start(
            () -> {
              try {
                done.complete(step.run());
              } catch (IOException | RuntimeException e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private <T> T within(Step<T> step) throws IOException, TimeoutException, InterruptedException {
    try {
      return begin(step).get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException(e);
    }
  }
}
