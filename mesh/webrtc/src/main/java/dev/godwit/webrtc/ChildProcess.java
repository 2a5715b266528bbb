package dev.godwit.webrtc;

import dev.godwit.stream.Interruption;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.webrtc.bridge.BridgeException;
import dev.godwit.webrtc.bridge.BridgeFrame;
import dev.godwit.webrtc.bridge.BridgeReader;
import dev.godwit.webrtc.bridge.BridgeType;
import dev.godwit.webrtc.bridge.Fields;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process with the native WebRTC library, and the peer connections in it. When it ends, for
 * whatever cause, they are lost, and nothing else is. Thread-safe.
 */
final class ChildProcess implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(ChildProcess.class);
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration END = Duration.ofSeconds(2);
  private static final String MAIN = "dev.godwit.webrtc.child.Main";
  private static final List<String> OPTIONS =
      List.of(
          "--enable-native-access=ALL-UNNAMED",
          "-Xmx384m",
          "-XX:+UseSerialGC",
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:+DisableAttachMechanism");
  private static final int SIGNALED = 128;

  /** How many lines of its output are told when it crashes. */
  private static final int LAST_WORDS = 24;

  private final Path folder;
  private final Process process;
  private final FrameQueue queue = new FrameQueue();
  private final Map<Integer, PeerEvents> peers = new ConcurrentHashMap<>();
  private final AtomicInteger nextPeer = new AtomicInteger(1);
  private final AtomicBoolean worn = new AtomicBoolean();
  private final AtomicBoolean removed = new AtomicBoolean();
  private final ArrayDeque<String> lastWords = new ArrayDeque<>();
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private @Nullable SocketChannel socket;
  private volatile boolean closing;

  private ChildProcess(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  /**
   * Starts a process and waits until it has loaded the library.
   *
   * @throws IOException when it cannot; the message says what to do about it
   */
  static ChildProcess start(ChildLaunch launch) throws IOException {
    // Only we may enter it.
    Path folder = Files.createTempDirectory("godwit-webrtc");
    Path address = folder.resolve("s");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(address));
      ChildProcess child = new ChildProcess(folder, launch(launch, folder, address));
      try {
        child.begin(server);
        return child;
      } catch (IOException e) {
        child.close();
        throw e;
      }
    } catch (IOException e) {
      delete(folder);
      throw new IOException("WebRTC cannot be used: " + e.getMessage(), e);
    }
  }

  private static Process launch(ChildLaunch launch, Path folder, Path address) throws IOException {
    List<String> command = new ArrayList<>(launch.prefix());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(OPTIONS);
    command.add("-Djava.io.tmpdir=" + folder);
    command.add("-XX:ErrorFile=" + folder.resolve("error"));
    command.addAll(launch.options());
    command.add(MAIN);
    command.add(address.toString());
    // What it leaves behind when it crashes is removed with the folder.
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    // Not an argument: it may be longer than one can be.
    builder.environment().put("CLASSPATH", classPath());
    return builder.start();
  }

  private static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private void begin(ServerSocketChannel server) throws IOException {
    // A read of a pipe holds the thread that carries a virtual one, of which there are few.
    Thread.ofPlatform().name("webrtc-output").daemon().start(this::log);
    CompletableFuture<SocketChannel> accepted = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("webrtc-accept")
        .start(
            () -> {
              try {
                accepted.complete(server.accept());
              } catch (IOException e) {
                accepted.completeExceptionally(e);
              }
            });
    var _ =
        process
            .onExit()
            .thenAccept(exited -> accepted.completeExceptionally(new IOException(ending(exited))));
    SocketChannel connected = get(accepted, "it does not connect");
    socket = connected;
    CompletableFuture<String> ready = new CompletableFuture<>();
    Thread.ofPlatform().name("webrtc-read").daemon().start(() -> read(connected, ready));
    Thread.ofPlatform().name("webrtc-write").daemon().start(() -> write(connected));
    String failure = get(ready, "it does not get ready");
    if (!failure.isEmpty()) {
      throw new IOException(failure);
    }
  }

  private static <T> T get(CompletableFuture<T> future, String otherwise) throws IOException {
    try {
      return future.get(START.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(Objects.requireNonNullElse(e.getCause(), e).getMessage(), e);
    } catch (TimeoutException e) {
      throw new IOException(otherwise + " within " + START.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while it starts", e);
    }
  }

  private void log() {
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        LOG.debug("WebRTC process: {}", line);
        synchronized (lastWords) {
          if (lastWords.size() == LAST_WORDS) {
            lastWords.remove();
          }
          lastWords.add(line);
        }
      }
    } catch (IOException e) {
      LOG.debug("the output of the WebRTC process ended", e);
    }
  }

  private static String ending(Process exited) {
    int status = exited.exitValue();
    return status > SIGNALED
        ? "the WebRTC process ended with signal " + (status - SIGNALED)
        : "the WebRTC process ended with status " + status;
  }

  private void write(SocketChannel to) {
    try {
      queue.run(to);
    } catch (IOException e) {
      LOG.debug("the WebRTC process takes nothing more", e);
    }
  }

  private void read(SocketChannel from, CompletableFuture<String> ready) {
    String reason;
    try {
      new BridgeReader(from).run((frame, body) -> frame(frame, body, ready));
      reason = await();
    } catch (BridgeException e) {
      reason = "the WebRTC process does not make sense: " + e.getMessage();
    } catch (IOException e) {
      LOG.debug("the WebRTC process says nothing more", e);
      reason = await();
    }
    ready.complete(reason);
    lose(reason);
    close();
  }

  /** Its socket is closed; its end is near. */
  private String await() {
    if (closing) {
      return "closed by this node";
    }
    try {
      if (process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
        String ending = ending(process);
        synchronized (lastWords) {
          LOG.warn("{}; its last words: {}", ending, String.join("\n", lastWords));
        }
        return "connection lost: " + ending;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return "connection lost: the WebRTC process does not answer";
  }

  private void lose(String reason) {
    ended.complete(reason);
    for (PeerEvents peer : peers.values()) {
      peer.lost(reason);
    }
    peers.clear();
  }

  private void frame(BridgeFrame frame, ByteBuffer body, CompletableFuture<String> ready)
      throws BridgeException {
    switch (frame.type()) {
      case READY -> ready.complete("");
      case UNUSABLE -> ready.complete(Fields.decode(body, 1).getFirst());
      case WORN -> worn.set(true);
      default -> {
        PeerEvents peer = peers.get(frame.connection());
        if (peer != null) {
          tell(peer, frame, body);
        }
      }
    }
  }

  private static void tell(PeerEvents peer, BridgeFrame frame, ByteBuffer body)
      throws BridgeException {
    int channel = frame.channel();
    try {
      switch (frame.type()) {
        case DESCRIPTION -> peer.described(Fields.decode(body, 1).getFirst());
        case REMOTE_SET -> peer.remoteSet();
        case CANDIDATE -> {
          List<String> fields = Fields.decode(body, 3);
          peer.candidate(
              new Signal.Candidate(fields.get(0), Integer.parseInt(fields.get(1)), fields.get(2)));
        }
        case GATHERED -> peer.gathered();
        case STATE -> peer.state(Fields.decode(body, 1).getFirst());
        case CHANNEL -> peer.channel(channel, Fields.decode(body, 1).getFirst());
        case CHANNEL_OPEN -> peer.channelOpen(channel);
        case MESSAGE -> peer.message(channel, body);
        case SENT -> peer.sent(channel, body.getLong());
        case CHANNEL_CLOSED -> peer.channelClosed(channel);
        case PATH -> peer.path(Fields.decode(body, 3));
        case FAILED -> peer.lost(Fields.decode(body, 1).getFirst());
        default -> throw new BridgeException(frame.type() + " is not for this side");
      }
    } catch (BridgeException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      LOG.debug("a peer connection is given up", e);
      peer.lost(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Takes part in what the process tells about a new peer connection.
   *
   * @return its number
   * @throws IOException when the process has ended
   */
  int add(PeerEvents peer) throws IOException {
    int number = nextPeer.getAndIncrement();
    peers.put(number, peer);
    String reason = ended.getNow("");
    if (!reason.isEmpty()) {
      peers.remove(number);
      throw new IOException(reason);
    }
    return number;
  }

  /** Closes a peer connection; nothing more is told about it. */
  void remove(int number) {
    if (peers.remove(number) != null) {
      send(BridgeType.CLOSE, number, 0);
    }
  }

  /** Says something about a peer connection. */
  void send(BridgeType type, int number, int channel, String... fields) {
    queue.add(type, number, channel, Fields.encode(fields), null);
  }

  /** Sends a message on a channel. */
  void send(int number, int channel, ByteBuffer message, @Nullable PooledBuffer owner) {
    queue.add(BridgeType.SEND, number, channel, message, owner);
  }

  /** Whether new peer connections can be made in it. */
  boolean isFresh() {
    return !worn.get() && !ended.isDone();
  }

  /** Whether it has no peer connections. */
  boolean isIdle() {
    return peers.isEmpty();
  }

  /** Ends the process. */
  @Override
  public void close() {
    closing = true;
    queue.close();
    try {
      SocketChannel open = socket;
      if (open != null) {
        open.close();
      }
      // This ends it, whatever it does.
      process.getOutputStream().close();
      if (!process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      LOG.debug("the WebRTC process does not end by itself", e);
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    lose("closed by this node");
    if (removed.compareAndSet(false, true)) {
      delete(folder);
    }
  }

  private static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("{} cannot be removed: {}", folder, e.toString());
    }
  }
}
