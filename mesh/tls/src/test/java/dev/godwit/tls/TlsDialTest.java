package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is dialled where, and who is let in. */
@Timeout(30)
class TlsDialTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration DIAL = Patience.seconds(10);

  private final Identity alice = Identity.generate(RANDOM);
  private final Identity bob = Identity.generate(RANDOM);
  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private TlsTransport here;
  private TlsTransport there;

  @BeforeEach
  void open() throws IOException {
    here = Loopback.open(alice, 0);
    there = Loopback.open(bob, 0);
    there.listen(accepted::add);
  }

  @AfterEach
  void close() {
    here.close();
    there.close();
  }

  /** An address where nobody listens. */
  private static String closedAddress() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "127.0.0.1:" + socket.getLocalPort();
    }
  }

  @Test
  void oneGoodAddressAmongManyIsEnough() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<String> addresses =
          List.of(
              "not an address",
              closedAddress(),
              "127.0.0.1:" + silent.getLocalPort(),
              there.addresses().getFirst());
      Connection connection = here.dial(bob.id(), addresses, DIAL);
      assertEquals(bob.id(), connection.peer());
      assertEquals(
          new Path(Path.Kind.DIRECT, "tls", there.addresses().getFirst()), connection.path());
    }
  }

  @Test
  void aFailureNamesEveryAddress() throws Exception {
    String closed = closedAddress();
    IOException failure =
        assertThrows(
            IOException.class, () -> here.dial(bob.id(), List.of("example.org:1", closed), DIAL));
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("example.org:1: not a literal address"), message);
    assertTrue(message.contains(closed), message);
    assertTrue(message.contains(bob.id().shortForm()), message);
  }

  @Test
  void aSilentAddressIsGivenUpInTime() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + silent.getLocalPort();
      IOException failure =
          assertThrows(
              IOException.class,
              () -> here.dial(bob.id(), List.of(address), Duration.ofMillis(200)));
      assertTrue(String.valueOf(failure.getMessage()).contains(address), failure::getMessage);
    }
  }

  @Test
  void aTakenPortIsNamed() {
    int port = there.boundTo().getPort();
    BindException failure =
        assertThrows(BindException.class, () -> Loopback.open(alice, port).close());
    assertTrue(String.valueOf(failure.getMessage()).contains(":" + port), failure::getMessage);
  }

  /** Believes everybody. */
  private static final class Gullible implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Test
  void whoShowsNoCertificateIsNotLetIn() throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(null, new TrustManager[] {new Gullible()}, RANDOM);
    try (SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(there.boundTo().getAddress(), there.boundTo().getPort())) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {TlsLayer.PROTOCOL});
      socket.setSSLParameters(parameters);
      socket.setSoTimeout(Math.toIntExact(Patience.seconds(10).toMillis()));
      assertThrows(
          IOException.class,
          () -> {
            socket.startHandshake();
            if (socket.getInputStream().read() < 0) {
              throw new IOException("closed");
            }
          });
    }
    assertTrue(accepted.isEmpty(), "somebody was accepted");
  }

  @Test
  void aStoppedNodeDialsNobody() {
    here.close();
    assertThrows(IOException.class, () -> here.dial(bob.id(), there.addresses(), DIAL));
  }
}
