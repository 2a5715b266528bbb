package dev.godwit.node;

import dev.godwit.identity.PrivateFile;
import dev.godwit.libc.BoundedCall;
import dev.godwit.node.proto.ProcessStatus;
import dev.godwit.stream.Interruption;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a running process tells other processes of the same node what it is doing: a socket in the
 * node's folder, which only its owner can enter.
 */
public final class StatusSocket implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StatusSocket.class);
  private static final int MAX = 64 * 1024;
  private static final String SUFFIX = ".sock";
  private static final Pattern PID = Pattern.compile("\\d{1,18}\\.sock");

  /** How long a process may take to answer. */
  private static final Duration LIMIT = Duration.ofSeconds(2);

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
    var _ = PrivateFile.closedDirectory(home.runDirectory());
    LocalFiles.checkWritableFolder(home.runDirectory());
    Path path = home.runDirectory().resolve(ProcessHandle.current().pid() + SUFFIX);
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

  /**
   * What all running processes of a node are doing. They are asked side by side; who has not
   * answered after two seconds is named. Sockets of dead processes are removed.
   *
   * @throws IOException when a socket cannot be used
   */
  public static RunningProcesses ask(NodeHome home) throws IOException {
    List<CompletableFuture<Reply>> asked = new ArrayList<>();
    for (Path socket : sockets(home)) {
      var reply = new CompletableFuture<Reply>();
      Thread.ofVirtual().name("ask").start(() -> ask(socket, reply));
      asked.add(reply);
    }
    List<ProcessStatus> answered = new ArrayList<>();
    List<Long> silent = new ArrayList<>();
    for (CompletableFuture<Reply> one : asked) {
      switch (await(one)) {
        case Reply.Said(ProcessStatus status) -> answered.add(status);
        case Reply.Silent(long pid) -> silent.add(pid);
        case Reply.Ended _ -> {}
      }
    }
    return new RunningProcesses(answered, silent);
  }

  /**
   * What one running process of a node is doing.
   *
   * @return empty when it has ended or does not answer
   * @throws IOException when its socket cannot be used
   */
  public static Optional<ProcessStatus> ask(NodeHome home, long pid) throws IOException {
    return ask(home.runDirectory().resolve(pid + SUFFIX)) instanceof Reply.Said(var status)
        ? Optional.of(status)
        : Optional.empty();
  }

  /** What came of asking a process. */
  private sealed interface Reply {
    /** It answered. */
    record Said(ProcessStatus status) implements Reply {}

    /** It is there, and did not answer in time. */
    record Silent(long pid) implements Reply {}

    /** It is not there any more, or ended meanwhile. */
    record Ended() implements Reply {}
  }

  private static List<Path> sockets(NodeHome home) throws IOException {
    if (!Files.isDirectory(home.runDirectory())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(home.runDirectory())) {
      return files.filter(file -> PID.matcher(name(file)).matches()).sorted().toList();
    }
  }

  private static String name(Path socket) {
    return socket.getFileName().toString();
  }

  private static void ask(Path socket, CompletableFuture<Reply> reply) {
    try {
      reply.complete(ask(socket));
    } catch (IOException | RuntimeException e) {
      reply.completeExceptionally(e);
    }
  }

  private static Reply await(CompletableFuture<Reply> reply) throws IOException {
    try {
      return reply.get();
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException known ? known : new IOException(e.getCause());
    }
  }

  private static Reply ask(Path socket) throws IOException {
    try {
      // A stopped process takes no connection, or takes one and says nothing.
      return BoundedCall.run("asking " + socket, LIMIT, () -> connect(socket));
    } catch (BoundedCall.TooLongException e) {
      LOG.debug("{} does not answer", socket, e);
      return new Reply.Silent(Long.parseLong(name(socket).replace(SUFFIX, "")));
    }
  }

  private static Reply connect(Path socket) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return read(socket, channel);
    } catch (ConnectException e) {
      LOG.debug("nobody listens on {} any more", socket, e);
      Files.deleteIfExists(socket);
      return new Reply.Ended();
    } catch (IOException e) {
      if (Files.exists(socket)) {
        throw e;
      }
      LOG.debug("{} has just gone", socket, e);
      return new Reply.Ended();
    }
  }

  private static Reply read(Path socket, SocketChannel channel) {
    try (InputStream in = Channels.newInputStream(channel)) {
      @Nullable ProcessStatus status =
          ProcessStatus.parseDelimitedFrom(new ByteArrayInputStream(in.readNBytes(MAX)));
      return status == null ? new Reply.Ended() : new Reply.Said(status);
    } catch (IOException e) {
      LOG.debug("{} was closed by its process, which ends", socket, e);
      return new Reply.Ended();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
  }
}
