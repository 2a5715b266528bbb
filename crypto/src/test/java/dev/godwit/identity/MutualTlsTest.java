package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.Test;

/** The certificates in the JDK's TLS 1.3, from memory to memory. */
class MutualTlsTest {

  private static final int MAX_STEPS = 100;

  private final SecureRandom random = new SecureRandom();
  private final InstantSource clock = InstantSource.system();
  private final LeafVerifier verifier = new LeafVerifier(clock);
  private final Identity dialer = Identity.generate(random);
  private final Identity listener = Identity.generate(random);

  @Test
  void twoNodesProveTheirIdentities() throws Exception {
    SSLEngine client = client(leaf(dialer), verifier.trusting(listener.id()));
    SSLEngine server = server(leaf(listener), verifier.trusting(dialer.id()));
    handshake(client, server);
    assertEquals("TLSv1.3", client.getSession().getProtocol());
    assertEquals(listener.id(), peerOf(client));
    assertEquals(dialer.id(), peerOf(server));
  }

  @Test
  void aServerLearnsWhichNodeItIs() throws Exception {
    SSLEngine client = client(leaf(dialer), verifier.trusting(listener.id()));
    SSLEngine server = server(leaf(listener), verifier.trustingAnyIdentity());
    handshake(client, server);
    assertEquals(dialer.id(), peerOf(server));
  }

  @Test
  void aDialerRefusesAnotherNode() throws Exception {
    Identity expected = Identity.generate(random);
    SSLEngine client = client(leaf(dialer), verifier.trusting(expected.id()));
    SSLEngine server = server(leaf(listener), verifier.trustingAnyIdentity());
    SSLException e = assertThrows(SSLException.class, () -> handshake(client, server));
    assertTrue(String.valueOf(e.getMessage()).contains(listener.id().toString()), e.getMessage());
  }

  @Test
  void aListenerRefusesAnotherNode() throws Exception {
    Identity expected = Identity.generate(random);
    SSLEngine client = client(leaf(dialer), verifier.trusting(listener.id()));
    SSLEngine server = server(leaf(listener), verifier.trusting(expected.id()));
    assertThrows(SSLException.class, () -> handshake(client, server));
  }

  @Test
  void aHubsCertificateIsNotANodes() throws Exception {
    HubCertificate hub = HubCertificate.generate(clock, random);
    SSLEngine client = client(leaf(dialer), verifier.trustingAnyIdentity());
    SSLEngine server = server(hub.keyManager(), verifier.trustingAnyIdentity());
    assertThrows(SSLException.class, () -> handshake(client, server));
  }

  @Test
  void aHubIsRecognizedByItsFingerprint() throws Exception {
    HubCertificate hub = HubCertificate.generate(clock, random);
    SSLEngine client = client(leaf(dialer), hub.fingerprint().trust());
    SSLEngine server = server(hub.keyManager(), verifier.trustingAnyIdentity());
    // As HTTPS clients do; it must not bring a host name check in.
    SSLParameters parameters = client.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    client.setSSLParameters(parameters);
    handshake(client, server);
    assertEquals(hub.fingerprint(), HubFingerprint.of(certificateOf(client)));
  }

  @Test
  void anotherHubIsRefused() throws Exception {
    HubCertificate hub = HubCertificate.generate(clock, random);
    HubCertificate other = HubCertificate.generate(clock, random);
    SSLEngine client = client(leaf(dialer), other.fingerprint().trust());
    SSLEngine server = server(hub.keyManager(), verifier.trustingAnyIdentity());
    assertThrows(SSLException.class, () -> handshake(client, server));
  }

  private X509ExtendedKeyManager leaf(Identity identity) {
    return LeafCertificate.issue(identity, clock, Duration.ofHours(1), random).keyManager();
  }

  private NodeId peerOf(SSLEngine engine) throws Exception {
    return verifier.verify(new X509Certificate[] {certificateOf(engine)});
  }

  private static X509Certificate certificateOf(SSLEngine engine) throws Exception {
    Certificate[] chain = engine.getSession().getPeerCertificates();
    assertEquals(1, chain.length);
    return (X509Certificate) chain[0];
  }

  private SSLEngine client(X509ExtendedKeyManager keys, X509ExtendedTrustManager trust)
      throws GeneralSecurityException {
    SSLEngine engine = context(keys, trust).createSSLEngine("192.0.2.1", 4433);
    engine.setUseClientMode(true);
    return engine;
  }

  private SSLEngine server(X509ExtendedKeyManager keys, X509ExtendedTrustManager trust)
      throws GeneralSecurityException {
    SSLEngine engine = context(keys, trust).createSSLEngine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    return engine;
  }

  private SSLContext context(X509ExtendedKeyManager keys, X509ExtendedTrustManager trust)
      throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(new KeyManager[] {keys}, new TrustManager[] {trust}, random);
    return context;
  }

  private static void handshake(SSLEngine client, SSLEngine server) throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(64 * 1024);
    ByteBuffer toClient = ByteBuffer.allocate(64 * 1024);
    client.beginHandshake();
    server.beginHandshake();
    for (int step = 0; step < MAX_STEPS && !(isDone(client) && isDone(server)); step++) {
      advance(client, toClient, toServer);
      advance(server, toServer, toClient);
    }
    assertTrue(isDone(client) && isDone(server), "the handshake did not end");
  }

  private static boolean isDone(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  private static void advance(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
    ByteBuffer plain = ByteBuffer.allocate(64 * 1024);
    for (int step = 0; step < MAX_STEPS; step++) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> {
          for (Runnable task = engine.getDelegatedTask();
              task != null;
              task = engine.getDelegatedTask()) {
            task.run();
          }
        }
        case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN, NOT_HANDSHAKING, FINISHED -> {
          in.flip();
          SSLEngineResult result = engine.unwrap(in, plain);
          in.compact();
          if (result.bytesConsumed() == 0
              && engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP) {
            return;
          }
          if (isDone(engine) && result.bytesConsumed() == 0) {
            return;
          }
        }
      }
    }
  }
}
