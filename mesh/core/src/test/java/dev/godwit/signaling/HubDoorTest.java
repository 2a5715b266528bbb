package dev.godwit.signaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.signaling.HubException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class HubDoorTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static HubAddress hub(int port) {
    return HubAddress.of("hub.example:" + port, HubFingerprint.of(new byte[HubFingerprint.BYTES]));
  }

  private static InetAddress ip(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** The way to a hub whose name stands for some addresses of this machine. */
  private static HubDoor door(int port, String... addresses) {
    return new HubDoor(
        hub(port), PATIENCE, _ -> Arrays.stream(addresses).map(HubDoorTest::ip).toList());
  }

  private static HubDoor.Look look(HubDoor door) throws IOException {
    return door.lookIn(Duration.ofHours(1), door.find(), new CompletableFuture<Boolean>());
  }

  private static ServerSocket listening(String address) throws IOException {
    return new ServerSocket(0, 5, ip(address));
  }

  @Test
  void theAddressThatAnswersIsTakenWhicheverItIs() throws Exception {
    try (ServerSocket server = listening("127.0.0.2")) {
      int port = server.getLocalPort();
      for (List<String> order :
          List.of(List.of("127.0.0.1", "127.0.0.2"), List.of("127.0.0.2", "127.0.0.1"))) {
        assertEquals(
            new HubDoor.Way(new InetSocketAddress("127.0.0.2", port), "127.0.0.2:" + port),
            door(port, order.toArray(String[]::new)).find());
      }
    }
  }

  @Test
  void manyDeadAddressesDoNotKeepFromTheOneThatAnswers() throws Exception {
    try (ServerSocket server = listening("127.0.0.9")) {
      String[] addresses = new String[9];
      for (int i = 0; i < addresses.length; i++) {
        addresses[i] = "127.0.0." + (i + 1);
      }
      assertEquals(
          "127.0.0.9:" + server.getLocalPort(),
          door(server.getLocalPort(), addresses).find().hostAndPort());
    }
  }

  @Test
  void theOnlyAddressIsAskedForByName() throws Exception {
    HubDoor.Way way = door(7007, "127.0.0.1").find();
    assertEquals("hub.example:7007", way.hostAndPort());
  }

  @Test
  void whereNothingListensIsSaid() throws Exception {
    int port;
    try (ServerSocket server = listening("127.0.0.1")) {
      port = server.getLocalPort();
    }
    HubException refused =
        assertThrows(HubException.class, () -> door(port, "127.0.0.1", "127.0.0.2").find());
    assertEquals(Reason.NOT_LISTENING, refused.reason());
    HubDoor one = door(port, "127.0.0.1");
    assertEquals(Reason.NOT_LISTENING, look(one).diagnosis(new IOException("it failed")).reason());
  }

  @Test
  void whoTakesConnectionsAndSaysNothingIsSaid() throws Exception {
    try (ServerSocket server = listening("127.0.0.1")) {
      HubDoor door = door(server.getLocalPort(), "127.0.0.1");
      String said = String.valueOf(look(door).diagnosis(new IOException("no answer")).getMessage());
      assertTrue(said.contains("takes connections and says nothing"), said);
    }
  }

  @Test
  void aNameThatIsNotKnownIsNotOneThatNobodyCouldBeAskedFor() {
    HubDoor unknown =
        new HubDoor(
            hub(7007),
            PATIENCE,
            host -> {
              throw new UnknownHostException(host + ": Name or service not known");
            });
    HubException first = assertThrows(HubException.class, unknown::find);
    assertTrue(String.valueOf(first.getMessage()).contains("is not known to DNS"), first::toString);
    HubDoor silent =
        new HubDoor(
            hub(7007),
            PATIENCE,
            host -> {
              throw new UnknownHostException(host + ": Temporary failure in name resolution");
            });
    HubException second = assertThrows(HubException.class, silent::find);
    assertTrue(
        String.valueOf(second.getMessage()).contains("no DNS server answers"), second::toString);
  }

  @Test
  void aResolverThatDoesNotAnswerIsNotWaitedFor() {
    CountDownLatch never = new CountDownLatch(1);
    HubDoor hanging =
        new HubDoor(
            hub(7007),
            Duration.ofMillis(50),
            _ -> {
              try {
                never.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return List.of();
            });
    HubException said = assertThrows(HubException.class, hanging::find);
    never.countDown();
    assertTrue(String.valueOf(said.getMessage()).contains("no DNS server answers"), said::toString);
  }
}
