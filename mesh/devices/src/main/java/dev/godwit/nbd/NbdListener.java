package dev.godwit.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.godwit.stream.StreamHandler;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts local programs on a UNIX or TCP socket and hands each connection to a handler, on a
 * platform thread of its own: the handler's loop sits in system calls. Thread-safe.
 *
 * <p>Whoever can connect is served. A UNIX socket is guarded by its file's permissions; TCP is for
 * the loopback address, or for networks in which everybody may read and write the exports.
 */
public final class NbdListener implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(NbdListener.class);

  /** The longest path the kernel accepts for a socket, bytes. */
  private static final int MAX_SOCKET_PATH = 107;

  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

  private final ServerSocketChannel server;
  private final NbdAddress address;
  private final @Nullable Object socketFileKey;
  private final StreamHandler handler;
  private final int maxConnections;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicLong numbers = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread acceptor;

  /**
   * How a listener behaves.
   *
   * @param maxConnections further clients are turned away, positive
   * @param permissions of a UNIX socket's file
   */
  public record Settings(int maxConnections, Set<PosixFilePermission> permissions) {
    /** 64 connections, and only the owner may connect. */
    public static final Settings DEFAULT =
        new Settings(64, PosixFilePermissions.fromString("rw-------"));

    /** Rejects a listener that accepts nobody. */
    public Settings {
      if (maxConnections < 1) {
        throw new IllegalArgumentException("maxConnections " + maxConnections);
      }
      permissions = Set.copyOf(permissions);
    }
  }

  /** How the names of the folders begin in which sockets are made. */
  private static final String HIDDEN = ".n";

  private NbdListener(
      ServerSocketChannel server,
      NbdAddress address,
      @Nullable Object socketFileKey,
      StreamHandler handler,
      int maxConnections) {
    this.server = server;
    this.address = address;
    this.socketFileKey = socketFileKey;
    this.handler = handler;
    this.maxConnections = maxConnections;
    this.acceptor = Thread.ofPlatform().daemon().name("nbd-accept").unstarted(this::accept);
  }

  /**
   * Starts to listen with {@link Settings#DEFAULT}.
   *
   * @throws IOException as {@link #open(NbdAddress, StreamHandler, Settings)}
   */
  public static NbdListener open(NbdAddress address, StreamHandler handler) throws IOException {
    return open(address, handler, Settings.DEFAULT);
  }

  /**
   * Starts to listen. The socket file of a process that is gone is replaced.
   *
   * @param address where; its export name has no meaning here
   * @param handler serves each connection
   * @throws BindException when the address is in use or cannot be bound; the message says which
   * @throws IOException when the socket cannot be made
   */
  public static NbdListener open(NbdAddress address, StreamHandler handler, Settings settings)
      throws IOException {
    NbdListener listener =
        switch (address) {
          case NbdAddress.Unix unix -> openUnix(unix, handler, settings);
          case NbdAddress.Tcp tcp -> openTcp(tcp, handler, settings);
        };
    listener.acceptor.start();
    return listener;
  }

  private static NbdListener openTcp(
      NbdAddress.Tcp address, StreamHandler handler, Settings settings) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    try {
      server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      var wanted = new InetSocketAddress(address.host(), address.port());
      if (wanted.isUnresolved()) {
        throw new BindException("host " + address.host() + " is unknown");
      }
      server.bind(wanted);
      int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
      var bound = new NbdAddress.Tcp(address.host(), port, address.export());
      return new NbdListener(server, bound, null, handler, settings.maxConnections());
    } catch (IOException e) {
      server.close();
      if (e instanceof BindException) {
        var named = new BindException(address.host() + ":" + address.port() + ": " + text(e));
        named.initCause(e);
        throw named;
      }
      throw e;
    }
  }

  private static String text(IOException e) {
    return "Address already in use".equals(e.getMessage())
        ? "the port is in use"
        : String.valueOf(e.getMessage());
  }

  /**
   * Binds in a directory that only we can enter and moves the socket into place, so that nobody can
   * connect before the permissions are set.
   */
  private static NbdListener openUnix(
      NbdAddress.Unix address, StreamHandler handler, Settings settings) throws IOException {
    Path path = address.path().toAbsolutePath();
    checkLength(address);
    refuseIfUsed(path);
    Path parent = parent(path);
    Path hidden =
        Files.createTempDirectory(
            parent,
            HIDDEN,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    Path made = hidden.resolve("s");
    try {
      server.bind(UnixDomainSocketAddress.of(made));
      var _ = Files.setPosixFilePermissions(made, settings.permissions());
      Object key = key(made);
      var _ = Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
      return new NbdListener(
          server,
          new NbdAddress.Unix(path, address.export()),
          key,
          handler,
          settings.maxConnections());
    } catch (IOException e) {
      server.close();
      throw e;
    } finally {
      Files.deleteIfExists(made);
      Files.delete(hidden);
    }
  }

  /**
   * Passes when a socket can be made at an address, as far as the length of its path goes.
   *
   * @throws BindException when the path is too long; the message says so
   */
  public static void checkLength(NbdAddress.Unix address) throws BindException {
    Path path = address.path().toAbsolutePath();
    refuseIfLong(path, path);
    // Where it is made first; the random number has up to 20 digits.
    refuseIfLong(parent(path).resolve(HIDDEN + "0".repeat(20)).resolve("s"), path);
  }

  private static Path parent(Path path) {
    return Objects.requireNonNullElse(path.getParent(), path);
  }

  private static void refuseIfLong(Path path, Path shown) throws BindException {
    if (path.toString().getBytes(UTF_8).length > MAX_SOCKET_PATH) {
      throw new BindException(shown + " is too long for a socket; use a shorter path");
    }
  }

  private static void refuseIfUsed(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw new BindException(path + " exists and is no socket");
    }
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      throw new BindException(path + " is in use");
    } catch (BindException e) {
      throw e;
    } catch (IOException e) {
      LOG.info("replacing the socket {} that nobody listens on", path);
    }
  }

  private static @Nullable Object key(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  /** Where this listener can be reached; a TCP port that was 0 is the real one here. */
  public NbdAddress address() {
    return address;
  }

  /** How many clients are connected. */
  public int connections() {
    return connections.size();
  }

  private void accept() {
    while (!closed.get()) {
      try {
        SocketChannel channel = server.accept();
        if (connections.size() >= maxConnections) {
          LOG.warn("{}: a client was turned away, {} are connected", address, maxConnections);
          channel.close();
          continue;
        }
        if (address instanceof NbdAddress.Tcp) {
          var _ = channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
          var _ = channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
        var connection = new Connection(new SocketByteStream(channel, System::nanoTime));
        connections.add(connection);
        connection.thread.start();
        if (closed.get()) {
          connection.stream.close();
        }
      } catch (AsynchronousCloseException e) {
        LOG.debug("{}: closed", address, e);
        return;
      } catch (IOException e) {
        if (!server.isOpen()) {
          return;
        }
        // For example no file descriptor left. Another client may have better luck later.
        LOG.warn("{}: cannot accept a client", address, e);
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(Duration.ofMillis(100));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Stops listening, ends all connections and removes the socket file. Returns after at most a few
   * seconds, also when a backend does not answer. May be called twice.
   */
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      if (address instanceof NbdAddress.Unix(Path path, String _)
          && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && Objects.equals(key(path), socketFileKey)) {
        Files.deleteIfExists(path);
      }
    } finally {
      server.close();
      connections.forEach(connection -> connection.stream.close());
      join();
    }
  }

  private void join() {
    long deadline = System.nanoTime() + CLOSE_WAIT.toNanos();
    try {
      boolean ended = acceptor.join(CLOSE_WAIT);
      for (Connection connection : connections) {
        connection.stream.close();
        long left = deadline - System.nanoTime();
        ended &= left > 0 && connection.thread.join(Duration.ofNanos(left));
      }
      if (!ended) {
        LOG.warn("{}: a connection is still waiting for its backend", address);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Connection {
    private final SocketByteStream stream;
    private final Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("nbd-client-" + numbers.incrementAndGet())
            .unstarted(this::serve);

    Connection(SocketByteStream stream) {
      this.stream = stream;
    }

    private void serve() {
      try (stream) {
        handler.handle(stream);
      } catch (IOException e) {
        if (closed.get()) {
          LOG.debug("{}: connection ended at close", address, e);
        } else {
          LOG.info("{}: connection ended: {}", address, e.toString());
        }
      } catch (RuntimeException e) {
        LOG.error("{}: connection ended by a defect", address, e);
      } finally {
        connections.remove(this);
      }
    }
  }
}
