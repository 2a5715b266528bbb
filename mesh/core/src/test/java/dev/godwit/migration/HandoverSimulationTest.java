package dev.godwit.migration;

import dev.godwit.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class HandoverSimulationTest {

  @Test
  void whateverFailsThereIsOneOwnerAndNoWriteIsLost() {
    Seeds.each(20_000, random -> new HandoverSimulation(random).run());
  }
}
