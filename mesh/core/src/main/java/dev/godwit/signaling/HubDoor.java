package dev.godwit.signaling;

import dev.godwit.path.AddressText;
import dev.godwit.signaling.HubException.Reason;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The way to a hub: what its name stands for, and at which of its addresses it can be reached. The
 * addresses are tried in their order, each a little later than the one before (RFC 8305), and the
 * first to answer is taken. Thread-safe.
 */
public final class HubDoor {
  /** How many of a hub's addresses are tried. */
  private static final int MOST_ADDRESSES = 16;

  private static final Duration STAGGER = Duration.ofMillis(250);

  private final HubAddress hub;
  private final Duration patience;
  private final Names names;

  /** Says which addresses a name has. */
  @FunctionalInterface
  interface Names {
    /**
     * At least one.
     *
     * @throws UnknownHostException when there is none, or nobody knows
     */
    List<InetAddress> of(String host) throws UnknownHostException;
  }

  /**
   * That of a hub.
   *
   * @param patience for its name, and again for a connection
   */
  public HubDoor(HubAddress hub, Duration patience) {
    this(hub, patience, host -> List.of(InetAddress.getAllByName(host)));
  }

  HubDoor(HubAddress hub, Duration patience, Names names) {
    this.hub = hub;
    this.patience = patience;
    this.names = names;
  }

  /**
   * How to get there.
   *
   * @param address to connect to
   * @param hostAndPort what to ask for there: the name, unless it stands for several addresses
   */
  public record Way(InetSocketAddress address, String hostAndPort) {}

  /**
   * The address to connect to. The only one of a hub is not tried first.
   *
   * @throws HubException when the name is not known, or none of several addresses answers; the
   *     message says why
   * @throws InterruptedIOException when interrupted, which the thread stays
   */
  public Way find() throws HubException, InterruptedIOException {
    // The rest is left alone: a DNS server may name as many as it likes.
    List<InetAddress> all = addresses();
    List<InetAddress> addresses = all.subList(0, Math.min(all.size(), MOST_ADDRESSES));
    if (addresses.size() == 1) {
      return new Way(at(addresses.getFirst()), hub.hostAndPort());
    }
    List<CompletableFuture<InetSocketAddress>> tries = new ArrayList<>();
    CompletableFuture<InetSocketAddress> first = new CompletableFuture<>();
    long deadline = System.nanoTime() + patience.toNanos();
    for (InetAddress address : addresses) {
      if (deadline - System.nanoTime() <= 0) {
        break;
      }
      CompletableFuture<InetSocketAddress> one = dial(address);
      tries.add(one);
      var _ = one.thenAccept(first::complete);
      long wait = Math.min(STAGGER.toNanos(), deadline - System.nanoTime());
      boolean _ = settle(CompletableFuture.anyOf(first, one), wait);
      Optional<Way> way = chosen(tries);
      if (way.isPresent()) {
        return way.get();
      }
    }
    CompletableFuture<?> ended =
        CompletableFuture.allOf(
            tries.stream()
                .map(one -> one.handle((_, _) -> null))
                .toArray(CompletableFuture[]::new));
    boolean _ = settle(CompletableFuture.anyOf(first, ended), deadline - System.nanoTime());
    Optional<Way> way = chosen(tries);
    if (way.isPresent()) {
      return way.get();
    }
    throw trouble(failure(tries));
  }

  /** A look at what is at an address, while one tries to connect to it. */
  final class Look {
    /** As far as the other side of the world, twice. */
    private static final Duration MOMENT = Duration.ofSeconds(1);

    private final Way way;
    private volatile @Nullable CompletableFuture<InetSocketAddress> dialled;

    private Look(Way way) {
      this.way = way;
    }

    private CompletableFuture<InetSocketAddress> begin() {
      CompletableFuture<InetSocketAddress> begun = dialled;
      if (begun == null) {
        begun = dial(way.address().getAddress());
        dialled = begun;
      }
      return begun;
    }

    /** Why the attempt may have failed. */
    HubException diagnosis(Throwable cause) {
      try {
        // What has not ended by now has had its time.
        long left = dialled == null ? MOMENT.toNanos() : 0;
        CompletableFuture<InetSocketAddress> found = begin();
        boolean settled = settle(found, left);
        return settled && !found.isCompletedExceptionally()
            ? new HubException(
                Reason.OFFLINE,
                "What listens at "
                    + hub.hostAndPort()
                    + " takes connections and says nothing: it is stopped or overloaded, or no hub.",
                cause)
            : trouble(failure(List.of(found)));
      } catch (InterruptedIOException e) {
        return trouble(e);
      }
    }
  }

  /**
   * Looks at what is there, later.
   *
   * @param late after which it begins, unless the attempt has ended
   * @param attempt to connect to it
   */
  Look lookIn(Duration late, Way way, CompletableFuture<?> attempt) {
    Look look = new Look(way);
    CompletableFuture.delayedExecutor(late.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!attempt.isDone()) {
                var _ = look.begin();
              }
            });
    return look;
  }

  private static Optional<Way> chosen(List<CompletableFuture<InetSocketAddress>> tries) {
    return tries.stream()
        .filter(one -> one.isDone() && !one.isCompletedExceptionally())
        .findFirst()
        .map(one -> new Way(one.join(), AddressText.format(one.join())));
  }

  private InetSocketAddress at(InetAddress address) {
    return new InetSocketAddress(address, hub.port());
  }

  /**
   * The system's resolver may take ten seconds, and holds the thread that carries a virtual one.
   */
  private List<InetAddress> addresses() throws HubException, InterruptedIOException {
    CompletableFuture<List<InetAddress>> asked = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("hub-name")
        .start(
            () -> {
              try {
                asked.complete(names.of(hub.host()));
              } catch (IOException | RuntimeException e) {
                asked.completeExceptionally(e);
              }
            });
    if (!settle(asked, patience.toNanos())) {
      throw nobodyKnows(new SocketTimeoutException("no DNS server answers"));
    }
    try {
      return asked.get();
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while the hub's name was looked up", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw cause instanceof UnknownHostException unknown
              && !String.valueOf(unknown.getMessage()).contains("Temporary failure")
          ? new HubException(
              Reason.UNKNOWN_NAME,
              "The name '"
                  + hub.host()
                  + "' of the hub is not known to DNS. Is it spelled correctly, and the network up?",
              unknown)
          : nobodyKnows(e);
    }
  }

  private HubException nobodyKnows(Exception cause) {
    return new HubException(
        Reason.UNKNOWN_NAME,
        "The name '"
            + hub.host()
            + "' of the hub cannot be looked up: no DNS server answers. Is the network up?"
            + " /etc/resolv.conf names the servers.",
        cause);
  }

  private CompletableFuture<InetSocketAddress> dial(InetAddress address) {
    CompletableFuture<InetSocketAddress> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("hub-door")
        .start(
            () -> {
              try (Socket socket = new Socket()) {
                socket.connect(at(address), (int) patience.toMillis());
                done.complete(at(address));
              } catch (IOException | RuntimeException e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  /** Whether it was done in time, well or not. */
  private static boolean settle(CompletableFuture<?> future, long nanos)
      throws InterruptedIOException {
    try {
      Object _ = future.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      return true;
    } catch (ExecutionException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted on the way to the hub", e);
    }
  }

  /** What says most: that something was heard from there. */
  private static Throwable failure(List<CompletableFuture<InetSocketAddress>> tries) {
    Throwable best = new SocketTimeoutException("no answer");
    for (CompletableFuture<InetSocketAddress> one : tries) {
      if (one.isCompletedExceptionally()) {
        Throwable failed = one.exceptionNow();
        if (best instanceof SocketTimeoutException) {
          best = failed;
        }
      }
    }
    return best;
  }

  private HubException trouble(Throwable failure) {
    String said = String.valueOf(failure.getMessage());
    if (said.contains("refused")) {
      return new HubException(
          Reason.NOT_LISTENING,
          "Nothing listens at "
              + hub.hostAndPort()
              + ", though its machine is there. Is 'godwit hub' running, and the port right?",
          failure);
    }
    if (said.contains("etwork is unreachable") || said.contains("etwork unreachable")) {
      return new HubException(
          Reason.OFFLINE,
          "This machine has no way to "
              + hub.hostAndPort()
              + ": no network is up that leads there ('ip route' shows those that are).",
          failure);
    }
    return new HubException(
        Reason.OFFLINE,
        "Nothing answers at "
            + hub.hostAndPort()
            + ": the machine is off, or a firewall drops what is sent to it.",
        failure);
  }
}
