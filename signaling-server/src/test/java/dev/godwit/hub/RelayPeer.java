package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.protobuf.ByteString;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.RelayGrant;
import dev.godwit.signaling.proto.RelayHello;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A plain WebSocket on the hub's relay. */
final class RelayPeer implements AutoCloseable {

  /** How a connection ended. */
  record End(int code, String reason) {}

  private final HttpClient http;
  private final WebSocket socket;
  private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
  private final AtomicLong receivedBytes = new AtomicLong();
  private final CompletableFuture<RelayGrant> grant = new CompletableFuture<>();
  private final CompletableFuture<End> end = new CompletableFuture<>();
  private volatile boolean reading = true;
  private byte[] rest = new byte[0];

  RelayPeer(HubAddress hub) throws Exception {
    http = RawClient.http(hub.fingerprint());
    socket =
        Fixture.get(
            http.newWebSocketBuilder()
                .buildAsync(
                    URI.create("wss://" + hub.hostAndPort() + HubProtocol.RELAY_PATH),
                    new Incoming()));
  }

  static byte[] hello(RelayPass pass, CircuitId circuit) {
    return RelayHello.newBuilder()
        .setPass(ByteString.copyFrom(pass.value().toByteArray()))
        .setCircuit(ByteString.copyFrom(circuit.value().toByteArray()))
        .build()
        .toByteArray();
  }

  RelayPeer enter(RelayPass pass, CircuitId circuit) throws Exception {
    send(hello(pass, circuit));
    return this;
  }

  /** The terms, once the other side is there. */
  RelayGrant granted() throws Exception {
    return Fixture.get(grant);
  }

  /** Sends one message. */
  void send(byte[] message) throws Exception {
    Fixture.get(sending(message, true));
  }

  void sendFragment(byte[] part) throws Exception {
    Fixture.get(sending(part, false));
  }

  CompletableFuture<WebSocket> sending(byte[] bytes, boolean last) {
    return socket.sendBinary(ByteBuffer.wrap(bytes), last);
  }

  void sendText(String text) throws Exception {
    Fixture.get(socket.sendText(text, true));
  }

  void ping() throws Exception {
    Fixture.get(socket.sendPing(ByteBuffer.allocate(4)));
  }

  /** Says goodbye as WebSockets do. */
  void leave() throws Exception {
    Fixture.get(socket.sendClose(WebSocket.NORMAL_CLOSURE, ""));
  }

  /** The next so many bytes behind the grant, however they were cut. */
  byte[] read(int count) throws InterruptedException {
    ByteArrayOutputStream all = new ByteArrayOutputStream(count);
    all.writeBytes(rest);
    while (all.size() < count) {
      byte[] piece = received.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      assertNotNull(piece, () -> all.size() + " of " + count + " bytes came");
      all.writeBytes(piece);
    }
    byte[] bytes = all.toByteArray();
    rest = Arrays.copyOfRange(bytes, count, bytes.length);
    return Arrays.copyOf(bytes, count);
  }

  /** Bytes behind the grant that came so far. */
  long receivedBytes() {
    return receivedBytes.get();
  }

  /** Why the hub ended the connection. */
  End end() throws Exception {
    return Fixture.get(end);
  }

  void assertEnded(int code, String reason) throws Exception {
    assertEquals(new End(code, reason), end());
  }

  boolean isOver() {
    return end.isDone();
  }

  /** Reads nothing more from the connection. */
  void stopReading() {
    reading = false;
  }

  void goOnReading() {
    reading = true;
    socket.request(1);
  }

  /** Disappears without a word. */
  @Override
  public void close() {
    socket.abort();
    http.shutdownNow();
  }

  private final class Incoming implements WebSocket.Listener {
    private final ByteArrayOutputStream first = new ByteArrayOutputStream();

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      byte[] piece = new byte[data.remaining()];
      data.get(piece);
      if (grant.isDone()) {
        receivedBytes.addAndGet(piece.length);
        received.add(piece);
      } else {
        first.writeBytes(piece);
        if (last) {
          try {
            grant.complete(RelayGrant.parseFrom(first.toByteArray()));
          } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            grant.completeExceptionally(e);
          }
        }
      }
      if (reading) {
        from.request(1);
      }
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      end.complete(new End(code, reason));
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      grant.completeExceptionally(failure);
      end.completeExceptionally(failure);
    }
  }
}
