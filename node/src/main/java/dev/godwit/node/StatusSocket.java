package dev.godwit.node;

import dev.godwit.node.proto.ProcessStatus;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a running process tells other processes of the same node what it is doing: a socket in the
 * node's folder, which only its owner can enter.
 */
public final class StatusSocket implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StatusSocket.class);
  private static final int MAX = 64 * 1024;

  private final Path path;
  private final ServerSocketChannel server;

  private StatusSocket(Path path, ServerSocketChannel server) {
    this.path = path;
    this.server = server;
  }

  /**
   * Opens the socket of this process.
   *
   * @param status called for each question
   */
  public static StatusSocket open(NodeHome home, Supplier<ProcessStatus> status)
      throws IOException {
    Files.createDirectories(home.runDirectory());
    Path path = home.runDirectory().resolve(ProcessHandle.current().pid() + ".sock");
    Files.deleteIfExists(path);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(path));
    } catch (SocketException e) {
      server.close();
      throw NetworkTrouble.isLongPath(e)
          ? new NodeException(
              NodeException.Kind.FAILED,
              "The path of this node's folder is too long for the socket in it, "
                  + path
                  + ": a UNIX socket's path has at most 107 bytes. Choose a shorter --home.",
              e)
          : e;
    } catch (IOException e) {
      server.close();
      throw e;
    }
    StatusSocket socket = new StatusSocket(path, server);
    Thread.ofVirtual().name("status").start(() -> socket.serve(status));
    return socket;
  }

  private void serve(Supplier<ProcessStatus> status) {
    while (server.isOpen()) {
      try (SocketChannel client = server.accept();
          OutputStream out = Channels.newOutputStream(client)) {
        status.get().writeDelimitedTo(out);
      } catch (IOException e) {
        LOG.debug("a status was not delivered", e);
      }
    }
  }

  /** What all running processes of a node are doing. Sockets of dead processes are removed. */
  public static List<ProcessStatus> ask(NodeHome home) throws IOException {
    List<ProcessStatus> all = new ArrayList<>();
    if (!Files.isDirectory(home.runDirectory())) {
      return all;
    }
    try (Stream<Path> sockets = Files.list(home.runDirectory())) {
      for (Path socket : sockets.sorted().toList()) {
        ask(socket, all);
      }
    }
    return all;
  }

  private static void ask(Path socket, List<ProcessStatus> all) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        InputStream in = Channels.newInputStream(channel)) {
      byte[] bytes = in.readNBytes(MAX);
      all.add(ProcessStatus.parseDelimitedFrom(new ByteArrayInputStream(bytes)));
    } catch (ConnectException e) {
      LOG.debug("nobody listens on {} any more", socket, e);
      Files.deleteIfExists(socket);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
  }
}
