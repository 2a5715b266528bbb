package dev.godwit.signaling;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.signaling.HubException.Reason;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.wire.Printable;
import java.io.ByteArrayOutputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket to the hub. Messages are sent by a thread of the link, since the JDK's WebSocket
 * takes the next one only after it has sent the last.
 */
final class HubLink implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(HubLink.class);

  /** After which it is looked at what is there, side by side with the attempt. */
  private static final Duration LATE = Duration.ofSeconds(1);

  private static final int QUEUED_MESSAGES = 256;

  /** More than any hub's limit, so that nothing legal is refused. */
  private static final int MAX_INCOMING_BYTES = 2 * 1024 * 1024;

  /** Hears the messages, one after another, on the thread that reads. */
  @FunctionalInterface
  interface Receiver {
    void received(HubLink link, FromHub message) throws HubException;
  }

  private final Receiver receiver;
  private final Duration sendTimeout;
  private final BlockingQueue<byte[]> outgoing = new ArrayBlockingQueue<>(QUEUED_MESSAGES);
  private final CompletableFuture<HubException> end = new CompletableFuture<>();
  private volatile long lastHeard = System.nanoTime();
  private volatile int messageBytes = Integer.MAX_VALUE;
  private volatile boolean leaving;
  private volatile @Nullable WebSocket socket;

  private HubLink(Receiver receiver, Duration sendTimeout) {
    this.receiver = receiver;
    this.sendTimeout = sendTimeout;
  }

  /**
   * Connects.
   *
   * @param timeout for the link to be open, and for each message to be sent
   * @param dial for a connection to come about
   * @param executor runs the sending thread
   * @throws HubException when there is no hub at the address, or another one
   */
  static HubLink connect(
      HttpClient http,
      HubAddress hub,
      Receiver receiver,
      Duration timeout,
      Duration dial,
      Executor executor)
      throws HubException, InterruptedException {
    HubLink link = new HubLink(receiver, timeout);
    HubDoor door = new HubDoor(hub, dial);
    HubDoor.Way way = found(door);
    CompletableFuture<WebSocket> opening =
        http.newWebSocketBuilder()
            .connectTimeout(dial)
            .buildAsync(HubAddress.webSocket(way), link.new Incoming());
    HubDoor.Look look = door.lookIn(LATE, way, opening);
    try {
      WebSocket socket = opening.get(timeout.toMillis() + 1000, TimeUnit.MILLISECONDS);
      link.socket = socket;
      if (link.end.isDone()) {
        socket.abort();
      }
      executor.execute(() -> link.sendAll(socket));
      return link;
    } catch (ExecutionException e) {
      throw unreachable(hub, look, e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException | InterruptedException e) {
      opening.cancel(true);
      // The attempt may still succeed behind our back.
      var _ = opening.thenAccept(WebSocket::abort);
      if (e instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      throw look.diagnosis(e);
    }
  }

  private static HubDoor.Way found(HubDoor door) throws HubException, InterruptedException {
    try {
      return door.find();
    } catch (InterruptedIOException e) {
      boolean _ = Thread.interrupted();
      throw (InterruptedException) new InterruptedException(e.getMessage()).initCause(e);
    }
  }

  private static HubException unreachable(HubAddress hub, HubDoor.Look look, Throwable cause) {
    String at = hub.hostAndPort();
    @Nullable Throwable certificate = within(cause, CertificateException.class);
    if (certificate != null) {
      return new HubException(
          Reason.NOT_THE_HUB,
          "What answers at " + at + " is not the hub that is wanted: " + certificate.getMessage(),
          cause);
    }
    if (within(cause, SSLException.class) != null) {
      return new HubException(
          Reason.PROTOCOL,
          "What answers at " + at + " does not speak TLS as a hub does. Is the port right?",
          cause);
    }
    if (within(cause, ConnectException.class) != null
        || within(cause, HttpConnectTimeoutException.class) != null
        || within(cause, NoRouteToHostException.class) != null
        || within(cause, UnresolvedAddressException.class) != null) {
      return look.diagnosis(cause);
    }
    @Nullable String message = cause.getMessage();
    return new HubException(
        Reason.OFFLINE,
        "The hub at "
            + at
            + " cannot be reached: "
            + Printable.text(message == null ? cause.toString() : message),
        cause);
  }

  private static @Nullable Throwable within(Throwable failure, Class<?> kind) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (kind.isInstance(cause)) {
        return cause;
      }
    }
    return null;
  }

  /** From now on, nothing larger is sent. */
  void limit(int largestMessage) {
    messageBytes = largestMessage;
  }

  /**
   * Queues a message.
   *
   * @throws HubException when it is too large for the hub or the queue is full
   */
  void send(ToHub message) throws HubException {
    int size = message.getSerializedSize();
    if (size > messageBytes) {
      throw new HubException(
          Reason.TOO_LARGE,
          "The hub takes messages of at most " + messageBytes + " bytes, not " + size + ".");
    }
    if (!outgoing.offer(message.toByteArray())) {
      throw new HubException(
          Reason.LIMIT, "More than " + QUEUED_MESSAGES + " messages wait for the hub.");
    }
  }

  private void sendAll(WebSocket socket) {
    try {
      while (!end.isDone() && !leaving) {
        byte @Nullable [] message = outgoing.poll(1, TimeUnit.SECONDS);
        if (message != null) {
          var sent = socket.sendBinary(ByteBuffer.wrap(message), true);
          sent.get(sendTimeout.toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } catch (ExecutionException e) {
      lost("sending failed: " + e.getCause());
    } catch (TimeoutException e) {
      lost("it does not take what is sent");
    } catch (InterruptedException e) {
      lost("interrupted");
      Thread.currentThread().interrupt();
    }
  }

  private void lost(String why) {
    if (leaving) {
      close();
      return;
    }
    fail(new HubException(Reason.OFFLINE, "The connection to the hub was lost: " + why + "."));
  }

  /** Ends the link for this reason, unless it ended before. */
  void fail(HubException reason) {
    end.complete(reason);
    WebSocket current = socket;
    if (current != null) {
      current.abort();
    }
  }

  /** Completes when the link is over. */
  CompletableFuture<HubException> end() {
    return end;
  }

  /** How long nothing came from the hub. */
  Duration silence() {
    return Duration.ofNanos(System.nanoTime() - lastHeard);
  }

  /**
   * Says goodbye, so that the hub does not expect us back, and closes the link. Returns when the
   * hub has heard it, but no later than after {@code patience}.
   */
  void leave(Duration patience) {
    leaving = true;
    WebSocket current = socket;
    try {
      if (current != null && !end.isDone()) {
        var _ = current.sendClose(WebSocket.NORMAL_CLOSURE, "");
        HubException _ = end.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (TimeoutException | ExecutionException e) {
      LOG.debug("The hub may not have heard the goodbye", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  @Override
  public void close() {
    fail(new HubException(Reason.CLOSED, "The connection to the hub was closed."));
  }

  private final class Incoming implements WebSocket.Listener {
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();

    @Override
    public void onOpen(WebSocket opened) {
      opened.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      lastHeard = System.nanoTime();
      if (end.isDone()) {
        from.abort();
        return null;
      }
      if (partial.size() + data.remaining() > MAX_INCOMING_BYTES) {
        fail(new HubException(Reason.PROTOCOL, "The hub sent a message without end."));
        return null;
      }
      byte[] piece = new byte[data.remaining()];
      data.get(piece);
      partial.writeBytes(piece);
      if (last) {
        byte[] message = partial.toByteArray();
        partial.reset();
        receive(message);
      }
      from.request(1);
      return null;
    }

    private void receive(byte[] message) {
      try {
        receiver.received(HubLink.this, FromHub.parseFrom(message));
      } catch (InvalidProtocolBufferException e) {
        fail(new HubException(Reason.PROTOCOL, "The hub sent something that is no message.", e));
      } catch (HubException e) {
        fail(e);
      }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      fail(new HubException(Reason.PROTOCOL, "The hub sent text instead of messages."));
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      lost("the hub closed it (" + status + " " + Printable.text(reason) + ")");
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      lost(Printable.text(String.valueOf(error.getMessage())));
    }
  }
}
