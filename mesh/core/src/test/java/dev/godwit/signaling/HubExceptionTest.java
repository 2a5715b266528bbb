package dev.godwit.signaling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.testing.EvilText;
import org.junit.jupiter.api.Test;

class HubExceptionTest {
  @Test
  void whatTheHubSaysIsFitForTerminals() {
    for (RefusalCode code : RefusalCode.values()) {
      HubException refused = HubException.refused(code, EvilText.TEXT, -1);
      EvilText.assertHarmless(String.valueOf(refused.getMessage()));
      assertEquals(0, refused.retryAfter().toSeconds());
    }
  }
}
