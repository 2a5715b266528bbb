package dev.godwit.nbd.kernel;

import dev.godwit.libc.BoundedCall;
import dev.godwit.libc.Deadline;
import dev.godwit.libc.Descriptor;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdException;
import dev.godwit.nbd.ServerOffer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * A connection to a server after the handshake. The kernel uses the same socket; we keep it to see
 * its end, and to be able to end it when the kernel waits on it. Thread-safe.
 */
final class ServerLink implements AutoCloseable {
  private static final Duration SCHEDULING = Duration.ofSeconds(1);

  private final SystemCalls calls;
  private final Descriptor socket;
  private final ServerOffer offer;

  private ServerLink(SystemCalls calls, Descriptor socket, ServerOffer offer) {
    this.calls = calls;
    this.socket = socket;
    this.offer = offer;
  }

  /**
   * Connects and does the handshake.
   *
   * @param limit for both together
   * @throws NbdException when the server refuses the export
   * @throws IOException when it cannot be reached in time or speaks something else
   */
  static ServerLink open(SystemCalls calls, NbdAddress address, Duration limit) throws IOException {
    try {
      // The names of hosts are looked up without a limit that we could set.
      return BoundedCall.run(
          "connecting to " + address,
          limit.plus(SCHEDULING),
          () -> connect(calls, address, Deadline.in(limit)),
          ServerLink::close);
    } catch (BoundedCall.TooLongException e) {
      throw e;
    } catch (NbdException e) {
      throw new NbdException(e.error(), address + ": " + e.getMessage());
    } catch (IOException e) {
      throw new IOException("cannot use the NBD server " + address + ": " + e.getMessage(), e);
    }
  }

  private static ServerLink connect(SystemCalls calls, NbdAddress address, Deadline deadline)
      throws IOException {
    Descriptor socket =
        switch (address) {
          case NbdAddress.Unix unix ->
              connect(calls, LibC.AF_UNIX, SocketAddressBytes.of(unix.path()), deadline);
          case NbdAddress.Tcp tcp -> connect(calls, tcp, deadline);
        };
    try (Arena arena = Arena.ofConfined()) {
      int number = socket.number();
      var stream = new DescriptorStream(calls, number, arena, deadline);
      ServerOffer offer = ServerOffer.over(stream, address.export());
      // The kernel waits as long as it wants, and says how long by the second of these.
      SocketOptions.timeout(calls, number, LibC.SO_RCVTIMEO, Duration.ZERO);
      SocketOptions.timeout(calls, number, LibC.SO_SNDTIMEO, Duration.ZERO);
      return new ServerLink(calls, socket, offer);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static Descriptor connect(SystemCalls calls, NbdAddress.Tcp tcp, Deadline deadline)
      throws IOException {
    IOException failure = new ConnectException(tcp.host() + " has no address");
    InetAddress[] all = InetAddress.getAllByName(tcp.host());
    for (int i = 0; i < all.length; i++) {
      byte[] bytes = SocketAddressBytes.of(all[i], tcp.port());
      int family = bytes.length > 16 ? LibC.AF_INET6 : LibC.AF_INET;
      // One that does not answer must not use up the time of the others.
      Deadline share = Deadline.in(deadline.left().dividedBy(all.length - i));
      try {
        return prompt(calls, connect(calls, family, bytes, share));
      } catch (IOException e) {
        failure = e;
      }
    }
    throw failure;
  }

  /** Sends small pieces at once, and notices a server that is gone without a word. */
  private static Descriptor prompt(SystemCalls calls, Descriptor socket) throws IOException {
    try {
      SocketOptions.on(calls, socket.number(), LibC.IPPROTO_TCP, LibC.TCP_NODELAY);
      SocketOptions.on(calls, socket.number(), LibC.SOL_SOCKET, LibC.SO_KEEPALIVE);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static Descriptor connect(
      SystemCalls calls, int family, byte[] address, Deadline deadline) throws IOException {
    int number = calls.libc().socket(family, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0);
    if (number < 0) {
      throw calls.failure("socket");
    }
    var socket = new Descriptor(calls.libc(), number);
    try {
      Duration left = deadline.left();
      if (left.isZero()) {
        throw new SocketTimeoutException("no time left");
      }
      SocketOptions.timeout(calls, number, LibC.SO_SNDTIMEO, left);
      if (calls.libc().connect(number, address, address.length) == 0) {
        return socket;
      }
      int error = calls.lastError();
      if (error == LibC.EINPROGRESS || error == LibC.EAGAIN) {
        throw new SocketTimeoutException("no answer within " + left.toMillis() + " ms");
      }
      throw calls.failure("connect", error);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** What the server offers. */
  ServerOffer offer() {
    return offer;
  }

  /** The socket's number, for as long as this is not closed. */
  int number() {
    return socket.number();
  }

  /** Whether the kernel has given the socket the timeout of its requests. */
  boolean isMarkedByKernel() throws IOException {
    return !SocketOptions.sendTimeout(calls, number()).isZero();
  }

  /** Ends the connection in both directions, for the kernel too. Never waits. */
  void cut() {
    if (socket.enter()) {
      try {
        // It may have ended already; there is nothing more to be done then.
        var _ = calls.libc().shutdown(number(), LibC.SHUT_RDWR);
      } finally {
        socket.leave();
      }
    }
  }

  /** Lets go of the socket; the kernel keeps it as long as it uses it. */
  @Override
  public void close() {
    socket.close();
  }
}
