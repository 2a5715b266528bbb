package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Connection;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One address makes connections on which nothing is said; others get in. */
@Timeout(60)
class TlsStrangersTest {
  /** As many as may come in all, and more. */
  private static final int SILENT = 200;

  private static final int SERVED = 32;

  private final SecureRandom random = new SecureRandom();
  private final Identity alice = Identity.generate(random);
  private final Identity bob = Identity.generate(random);

  private static Socket silent(InetSocketAddress target) throws IOException {
    Socket socket = new Socket();
    // Another machine's, as far as anybody can see.
    socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.2"), 0));
    socket.connect(target);
    return socket;
  }

  /** Whether the other side has closed it; what is not is waited for a moment. */
  private static boolean isTurnedAway(Socket socket) throws IOException {
    socket.setSoTimeout(1);
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private static int turnedAway(List<Socket> sockets) throws IOException {
    int count = 0;
    for (Socket socket : sockets) {
      count += isTurnedAway(socket) ? 1 : 0;
    }
    return count;
  }

  @Test
  void whoSaysNothingLeavesRoomForOtherAddresses() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (TlsTransport listening = Loopback.open(bob, 0);
        TlsTransport dialling = Loopback.open(alice, 0)) {
      listening.listen(connection -> {});
      for (int i = 0; i < SILENT; i++) {
        sockets.add(silent(listening.boundTo()));
      }
      Patience.until(
          "most are turned away",
          Patience.seconds(20),
          () -> turnedAway(sockets) == SILENT - SERVED);
      Connection connection = dialling.dial(bob.id(), listening.addresses(), Patience.seconds(5));
      assertEquals(bob.id(), connection.peer());
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
