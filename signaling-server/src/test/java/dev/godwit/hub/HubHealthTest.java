package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.signaling.HubClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HubHealthTest {

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private HttpResponse<String> get(Hub hub, String path) throws Exception {
    try (HttpClient http = RawClient.http(hub.fingerprint())) {
      return http.send(
          HttpRequest.newBuilder(
                  URI.create("https://" + Fixture.addressOf(hub).hostAndPort() + path))
              .timeout(Fixture.PATIENCE)
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void healthTellsCounts() throws Exception {
    Hub hub = fixture.hub();
    fixture.client(hub);
    HttpResponse<String> answer = get(hub, "/health");
    assertEquals(200, answer.statusCode());
    assertEquals("application/json", answer.headers().firstValue("content-type").orElseThrow());
    assertTrue(answer.body().startsWith("{\"ok\":true,"), answer::body);
    assertTrue(answer.body().contains("\"nodes\":1,\"instances\":1,\"meshes\":1,"), answer::body);
  }

  @Test
  void everythingElseIsNotFound() throws Exception {
    assertEquals(404, get(fixture.hub(), "/secret").statusCode());
  }

  @Test
  void theControlChannelWantsAWebSocket() throws Exception {
    assertEquals(426, get(fixture.hub(), "/signaling").statusCode());
  }

  @Test
  void closingEndsAllThreads() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    Hub hub = fixture.hub();
    HubClient client = fixture.client(hub);
    Set<Thread> started = started(before);
    assertTrue(started.stream().anyMatch(thread -> thread.getName().startsWith("hub")));
    client.close();
    hub.close();
    for (Thread thread : started) {
      // It says that it has ended while it is still on its way out.
      assertTrue(thread.join(Fixture.PATIENCE), thread::getName);
    }
    assertEquals(Set.of(), started(before));
  }

  private static Set<Thread> started(Set<Thread> before) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread))
        .filter(
            thread ->
                thread.getName().startsWith("hub") || thread.getName().startsWith("HttpClient"))
        .collect(Collectors.toSet());
  }
}
