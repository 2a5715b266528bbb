package dev.godwit.identity;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The leaf certificate that a running node shows, issued anew when half of its lifetime is over, so
 * that a node may run for years on certificates of hours. Thread-safe.
 */
public final class RenewingLeaf {
  private final Identity identity;
  private final InstantSource clock;
  private final Duration lifetime;
  private final SecureRandom random;
  private @Nullable LeafCertificate current;

  /**
   * @param lifetime of each certificate, at most {@link LeafCertificate#MAX_LIFETIME}
   */
  public RenewingLeaf(
      Identity identity, InstantSource clock, Duration lifetime, SecureRandom random) {
    this.identity = identity;
    this.clock = clock;
    this.lifetime = lifetime;
    this.random = random;
  }

  /** A certificate with at least half of its lifetime ahead. */
  public synchronized LeafCertificate current() {
    LeafCertificate leaf = current;
    if (leaf == null || leaf.notAfter().isBefore(clock.instant().plus(lifetime.dividedBy(2)))) {
      leaf = LeafCertificate.issue(identity, clock, lifetime, random);
      current = leaf;
    }
    return leaf;
  }

  /** A key manager that always answers with the current certificate. */
  public X509ExtendedKeyManager keyManager() {
    return new X509ExtendedKeyManager() {
      private X509ExtendedKeyManager now() {
        return current().keyManager();
      }

      @Override
      public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
        return now().getClientAliases(type, issuers);
      }

      @Override
      public @Nullable String chooseClientAlias(
          String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return now().chooseClientAlias(types, issuers, socket);
      }

      @Override
      public @Nullable String chooseEngineClientAlias(
          String[] types, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return now().chooseEngineClientAlias(types, issuers, engine);
      }

      @Override
      public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
        return now().getServerAliases(type, issuers);
      }

      @Override
      public @Nullable String chooseServerAlias(
          String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return now().chooseServerAlias(type, issuers, socket);
      }

      @Override
      public @Nullable String chooseEngineServerAlias(
          String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return now().chooseEngineServerAlias(type, issuers, engine);
      }

      @Override
      public X509Certificate @Nullable [] getCertificateChain(String alias) {
        return now().getCertificateChain(alias);
      }

      @Override
      public @Nullable PrivateKey getPrivateKey(String alias) {
        return now().getPrivateKey(alias);
      }
    };
  }
}
