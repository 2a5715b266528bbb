package dev.godwit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.quic.QuicSettings;
import dev.godwit.quic.QuicTransport;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QUIC where packets that fill an Ethernet frame do not pass, as in tunnels. Needs root. */
class QuicPathMtuTest {
  private static final Duration LIMIT = Patience.seconds(30);

  /** A line, which carries each packet by itself; a cable carries trains of them. */
  private static final LinkProfile LINK = LinkProfile.PERFECT.withDelay(Duration.ofMillis(1));

  private static final int AMOUNT = 4 << 20;

  private final SecureRandom random = new SecureRandom();
  private final Identity alice = Identity.generate(random);
  private final Identity bob = Identity.generate(random);

  @ParameterizedTest
  @ValueSource(ints = {1280, 1400, 1492, 1500})
  void bytesPassAnInterfaceThatTakesSmallPacketsOnly(int mtu) throws Exception {
    try (Internet internet = Internet.create()) {
      Host near = internet.host("near");
      Host far = internet.host("far");
      shell(
          near,
          "ip link set dev $(ip -o route get 203.0.113.1 | sed 's/.* dev \\([^ ]*\\).*/\\1/')"
              + " mtu "
              + mtu);
      exchange(near, far);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1280, 1400, 1492})
  void bytesPassARouterThatDropsLargePacketsWithoutAWord(int mtu) throws Exception {
    try (Internet internet = Internet.create()) {
      Host near = internet.host("near", NatKind.NONE, LINK);
      Host far = internet.host("far", NatKind.NONE, LINK);
      for (Host host : new Host[] {near, far}) {
        shell(
            host,
            "nft 'table ip narrow { chain in { type filter hook input priority 0;"
                + " meta l4proto udp ip length > "
                + mtu
                + " drop; }; }'");
      }
      exchange(near, far);
    }
  }

  private static void shell(Host host, String command) throws Exception {
    Process process = host.command(List.of("sh", "-ec", command)).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }

  private QuicTransport transport(Host host, Identity identity) throws IOException {
    return host.call(
        () ->
            new QuicTransport(
                identity,
                new InetSocketAddress(host.address(), 0),
                QuicSettings.STANDARD,
                InstantSource.system(),
                random));
  }

  /** Both ways, at once. */
  private void exchange(Host near, Host far) throws Exception {
    try (QuicTransport dialler = transport(near, alice);
        QuicTransport acceptor = transport(far, bob)) {
      LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
      acceptor.listen(accepted::add);
      dialler.listen(connection -> connection.close("not expected"));
      Connection here = dialler.dial(bob.id(), acceptor.addresses(), LIMIT);
      Connection there = Objects.requireNonNull(accepted.poll(LIMIT.toSeconds(), TimeUnit.SECONDS));
      there.serve(QuicPathMtuTest::echo);
      try (ByteStream stream = here.open(Urgency.BULK)) {
        stream.timeout(LIMIT);
        byte[] sent = new byte[AMOUNT];
        new Random(5).nextBytes(sent);
        Thread writing =
            Thread.startVirtualThread(
                () -> {
                  try {
                    stream.write(ByteBuffer.wrap(sent));
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                });
        ByteBuffer back = ByteBuffer.allocate(AMOUNT);
        stream.readFully(back);
        assertEquals(ByteBuffer.wrap(sent), back.flip());
        writing.join();
      }
    }
  }

  private static void echo(ByteStream stream) throws IOException {
    stream.timeout(LIMIT);
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
    while (stream.read(buffer.clear()) >= 0) {
      stream.write(buffer.flip());
    }
  }
}
