package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RenewingLeafTest {
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2030-01-01T00:00:00Z"));
  private final RenewingLeaf leaf =
      new RenewingLeaf(
          Identity.generate(new SecureRandom()), now::get, Duration.ofHours(8), new SecureRandom());

  @Test
  void keepsACertificateThatIsFresh() {
    LeafCertificate first = leaf.current();
    now.set(now.get().plus(Duration.ofHours(3)));
    assertSame(first, leaf.current());
  }

  @Test
  void issuesANewOneWhenHalfOfTheLifetimeIsOver() {
    LeafCertificate first = leaf.current();
    now.set(now.get().plus(Duration.ofHours(5)));
    LeafCertificate second = leaf.current();
    assertNotEquals(first.certificate(), second.certificate());
    assertEquals(second.certificate(), leaf.keyManager().getCertificateChain("any")[0]);
  }
}
