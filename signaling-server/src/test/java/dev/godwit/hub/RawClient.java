package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.Identity;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.Refusal;
import dev.godwit.signaling.proto.ToHub;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** A WebSocket to the hub that says whatever the test wants. */
final class RawClient implements AutoCloseable {

  private final HttpClient http;
  private final WebSocket socket;
  private final BlockingQueue<FromHub> received = new LinkedBlockingQueue<>();
  private volatile boolean reading = true;

  RawClient(HubAddress hub) throws Exception {
    this(hub, InetAddress.getLoopbackAddress());
  }

  /** One that comes from another address of this machine. */
  RawClient(HubAddress hub, InetAddress from) throws Exception {
    http = builder(hub.fingerprint()).localAddress(from).build();
    socket =
        Fixture.get(
            http.newWebSocketBuilder()
                .buildAsync(
                    URI.create("wss://" + hub.hostAndPort() + HubProtocol.PATH), new Incoming()));
  }

  static HttpClient http(HubFingerprint fingerprint) throws Exception {
    return builder(fingerprint).build();
  }

  private static HttpClient.Builder builder(HubFingerprint fingerprint) throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(null, new TrustManager[] {fingerprint.trust()}, null);
    return HttpClient.newBuilder().sslContext(context).connectTimeout(Fixture.PATIENCE);
  }

  /** The next message that is not a ping. */
  FromHub next() throws InterruptedException {
    while (true) {
      FromHub message = received.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      assertNotNull(message, "the hub says nothing");
      if (!message.hasPing()) {
        return message;
      }
    }
  }

  /** Waits for the refusal, whatever comes before it. */
  Refusal refusal() throws InterruptedException {
    FromHub message = next();
    while (!message.hasRefusal()) {
      message = next();
    }
    return message.getRefusal();
  }

  byte[] nonce() throws InterruptedException {
    FromHub first = next();
    assertTrue(first.hasChallenge(), first::toString);
    return first.getChallenge().getNonce().toByteArray();
  }

  /** A correct login. */
  static Login login(byte[] nonce, HubFingerprint hub, Credentials who) {
    SealingCertificate certificate =
        who.sealingKey()
            .certificate(who.identity(), who.instance(), Instant.now().plus(Duration.ofHours(1)));
    return login(nonce, hub, who, who.identity(), certificate);
  }

  /** A login signed by somebody, with any certificate. */
  static Login login(
      byte[] nonce,
      HubFingerprint hub,
      Credentials who,
      Identity signer,
      SealingCertificate certificate) {
    byte[] signed = HubProtocol.signedByLogin(nonce, hub, who.mesh(), who.instance(), certificate);
    return Login.newBuilder()
        .setVersion(HubProtocol.VERSION)
        .setNode(ByteString.copyFrom(who.node().bytes()))
        .setMesh(ByteString.copyFrom(who.mesh().bytes()))
        .setInstance(ByteString.copyFrom(who.instance().bytes()))
        .setSealingCertificate(ByteString.copyFrom(certificate.encoded()))
        .setSignature(ByteString.copyFrom(signer.sign(HubProtocol.LOGIN_CONTEXT, signed)))
        .build();
  }

  /** Logs in. */
  void login(HubAddress hub, Credentials who) throws Exception {
    send(ToHub.newBuilder().setLogin(login(nonce(), hub.fingerprint(), who)).build());
    FromHub answer = next();
    assertTrue(answer.hasWelcome(), answer::toString);
  }

  void send(ToHub message) throws Exception {
    send(message.toByteArray());
  }

  void send(byte[] message) throws Exception {
    Fixture.get(socket.sendBinary(ByteBuffer.wrap(message), true));
  }

  void sendText(String text) throws Exception {
    Fixture.get(socket.sendText(text, true));
  }

  void sendFragment(byte[] part) throws Exception {
    Fixture.get(socket.sendBinary(ByteBuffer.wrap(part), false));
  }

  /** Sends a ping of WebSocket. */
  void ping(byte[] content) throws Exception {
    Fixture.get(socket.sendPing(ByteBuffer.wrap(content)));
  }

  /** Reads nothing more from the connection. */
  void stopReading() {
    reading = false;
  }

  /** Reads again. */
  void readOn() {
    reading = true;
    socket.request(1);
  }

  @Override
  public void close() {
    socket.abort();
    http.shutdownNow();
  }

  private final class Incoming implements WebSocket.Listener {
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      byte[] piece = new byte[data.remaining()];
      data.get(piece);
      partial.writeBytes(piece);
      if (last) {
        try {
          received.add(FromHub.parseFrom(partial.toByteArray()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        partial.reset();
      }
      if (reading) {
        from.request(1);
      }
      return null;
    }
  }
}
