package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes that meet at a moment; what is between them is not here, but in virtual networks. */
@Timeout(30)
class TlsMeetTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration MEET = Duration.ofSeconds(10);

  private final Identity alice = Identity.generate(RANDOM);
  private final Identity bob = Identity.generate(RANDOM);
  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private TlsTransport here;

  @BeforeEach
  void open() throws IOException {
    here = Loopback.open(alice, 0);
  }

  @AfterEach
  void close() {
    here.close();
  }

  private Connection meet(List<String> addresses, boolean own) throws IOException {
    return here.meet(
        bob.id(), addresses, TlsTransport.Ports.FRESH_AND_LISTENING, address -> own, MEET);
  }

  @Test
  void whoListensIsReachedAtOnce() throws Exception {
    try (TlsTransport there = Loopback.open(bob, 0)) {
      there.listen(accepted::add);
      Connection connection = meet(there.addresses(), true);
      assertEquals(
          new Path(Path.Kind.DIRECT, "tls", there.addresses().getFirst()), connection.path());
    }
  }

  @Test
  void anAddressThatIsNotOfThePeersMachineIsPunched() throws Exception {
    try (TlsTransport there = Loopback.open(bob, 0)) {
      there.listen(accepted::add);
      assertEquals(Path.Kind.PUNCHED, meet(there.addresses(), false).path().kind());
    }
  }

  @Test
  void aRefusalIsNotTheLastWord() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    LinkedBlockingQueue<Connection> dialled = new LinkedBlockingQueue<>();
    Thread dialling =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    dialled.add(meet(List.of("127.0.0.1:" + port), true));
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
    try (TlsTransport there = Loopback.open(bob, port)) {
      there.listen(accepted::add);
      Connection connection = dialled.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
      assertTrue(connection != null && connection.peer().equals(bob.id()), "never connected");
    } finally {
      dialling.join();
    }
  }

  @Test
  void whoNeverListensIsGivenUp() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    IOException failure =
        assertThrows(
            IOException.class,
            () ->
                here.meet(
                    bob.id(),
                    List.of("127.0.0.1:" + port, "nonsense"),
                    TlsTransport.Ports.FRESH,
                    address -> true,
                    Duration.ofMillis(600)));
    assertTrue(String.valueOf(failure.getMessage()).contains(":" + port), failure::getMessage);
  }

  @Test
  void noAddressAtAllIsSaid() {
    IOException failure = assertThrows(IOException.class, () -> meet(List.of("nonsense"), true));
    assertTrue(
        String.valueOf(failure.getMessage()).contains(bob.id().shortForm()), failure::getMessage);
  }

  @Test
  void thePortStaysTakenForOthersThatListen() {
    here.open(List.of("192.0.2.1:9"));
    BindException failure =
        assertThrows(
            BindException.class, () -> Loopback.open(bob, here.boundTo().getPort()).close());
    assertTrue(String.valueOf(failure.getMessage()).contains("TCP"), failure::getMessage);
  }

  @Test
  void nobodyDialsItself() throws Exception {
    InetAddress any = InetAddress.ofLiteral("0.0.0.0");
    String own =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(ip -> ip.getAddress().length == 4)
            .findFirst()
            .orElseThrow()
            .getHostAddress();
    assertEquals(
        List.of(new InetSocketAddress("192.0.2.1", 7)),
        TcpPunch.targets(
            List.of(own + ":7", "127.0.0.1:8", "0.0.0.0:9", "192.0.2.1:7", "224.0.0.1:7"),
            new InetSocketAddress(any, 7)));
  }

  @Test
  void aSocketOfOneFamilyOpensNothingOfTheOther() {
    assertEquals(
        List.of(),
        TcpPunch.targets(
            List.of("[2001:db8::1]:7"),
            new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 7)));
    assertEquals(
        2,
        TcpPunch.targets(
                List.of("[2001:db8::1]:7", "192.0.2.1:7"),
                new InetSocketAddress(InetAddress.ofLiteral("::"), 7))
            .size());
  }
}
