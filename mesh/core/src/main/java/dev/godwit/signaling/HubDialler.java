package dev.godwit.signaling;

import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connects to one hub, and to no server with another key. Thread-safe. */
final class HubDialler {
  private static final Logger LOG = LoggerFactory.getLogger(HubDialler.class);

  private final HubAddress hub;
  private final Duration timeout;
  private final ExecutorService executor;
  private final HttpClient http;

  /**
   * A dialler with sockets of its own.
   *
   * @param timeout for TCP, TLS and WebSocket handshake, and for each message to be sent
   * @param executor runs what reads and sends
   */
  HubDialler(HubAddress hub, Duration timeout, ExecutorService executor) {
    this.hub = hub;
    this.timeout = timeout;
    this.executor = executor;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(trusting(hub))
            .sslParameters(named(hub))
            .connectTimeout(timeout)
            .executor(executor)
            .build();
  }

  private static SSLContext trusting(HubAddress hub) {
    try {
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(null, new TrustManager[] {hub.fingerprint().trust()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no TLS 1.3.", e);
    }
  }

  /** So that the name is asked for, too, where one of its addresses is connected to. */
  private static SSLParameters named(HubAddress hub) {
    SSLParameters parameters = new SSLParameters();
    try {
      if (hub.isName()) {
        parameters.setServerNames(List.of(new SNIHostName(hub.host())));
      }
    } catch (IllegalArgumentException e) {
      LOG.debug("{} cannot be asked for by name", hub.host(), e);
    }
    return parameters;
  }

  /** Which hub it is. */
  HubAddress hub() {
    return hub;
  }

  /**
   * Connects.
   *
   * @param patience for a connection to come about, if that is less than the timeout
   * @throws HubException when there is no hub at the address, or another one
   */
  HubLink dial(HubLink.Receiver receiver, Duration patience)
      throws HubException, InterruptedException {
    Duration dial = patience.compareTo(timeout) < 0 ? patience : timeout;
    return HubLink.connect(http, hub, receiver, timeout, dial, executor);
  }

  /** Ends all threads and sockets; waits for that for {@code patience} at most, twice. */
  void close(Duration patience) throws InterruptedException {
    http.shutdownNow();
    executor.shutdownNow();
    if (!http.awaitTermination(patience)
        || !executor.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.warn("Some threads of the hub client take long to end");
    }
  }
}
