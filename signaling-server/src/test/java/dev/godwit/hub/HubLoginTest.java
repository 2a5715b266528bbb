package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubWelcome;
import dev.godwit.signaling.PresentInstance;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HubLoginTest {

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  @Test
  void aNodeLogsInAndIsFound() throws Exception {
    Hub hub = fixture.hub();
    HubClient one = fixture.client(hub);
    HubClient other = fixture.client(hub);
    HubWelcome welcome = one.awaitOnline(Fixture.PATIENCE);
    assertTrue(welcome.observed().getAddress().isLoopbackAddress());
    assertEquals(List.of(hub.stunAddress().getPort()), welcome.stunPorts());
    List<PresentInstance> found = Fixture.get(other.lookup(one.credentials().node()));
    assertEquals(1, found.size());
    assertEquals(one.credentials().instance(), found.getFirst().instance());
    assertEquals(
        1, Fixture.get(other.route(one.credentials().node(), Optional.empty(), new byte[] {1})));
  }
}
