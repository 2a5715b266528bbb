package dev.godwit.migration;

import dev.godwit.session.Session;
import dev.godwit.testing.EvilText;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a leecher says, and the seeder shows. */
@Timeout(60)
final class WordsOfPeersTest {
  @Test
  void theReasonOfAnAbortIsFitForTerminals() throws Exception {
    try (MigrationFixture fixture = new MigrationFixture(1 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      SeederClient bob = new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
      var _ = bob.track();
      bob.abort(EvilText.TEXT);
      EvilText.assertHarmless(fixture.seeder.whyHere());
    }
  }

  @Test
  void theReasonOfADeclineIsFitForTerminals() throws Exception {
    try (MigrationFixture fixture = new MigrationFixture(1 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      SeederClient bob = new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
      MigrationId token = MigrationId.random(MigrationFixture.RANDOM);
      var _ = bob.track();
      var _ = bob.round(1, fixture.geometry.blocks());
      var _ = bob.finalizeWith(token, fixture.geometry.blocks());
      bob.decline(token, EvilText.TEXT);
      EvilText.assertHarmless(fixture.seeder.whyHere());
    }
  }
}
