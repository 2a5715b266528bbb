package dev.godwit.quic;

import dev.godwit.identity.Identity;
import dev.godwit.path.AddressText;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Somebody sends first packets of QUIC connections, from many ports and each with another
 * connection id, as many as fit through the uplink of a home. Who is connected goes on, and who
 * comes gets in.
 */
@Timeout(120)
class InitialFloodTest {
  private static final Duration DIAL = Patience.seconds(10);
  private static final Duration PACE = Duration.ofMillis(4);
  private static final int PIECES = 500;
  private static final int PIECE = 16 << 10;
  private static final double SHARE = 0.7;
  private static final int PORTS = 64;

  /** 48 Mbit/s. */
  private static final int FLOOD_PER_SECOND = 5_000;

  private static final int BURST = 20;

  /** Behind flags, version and the id's length. */
  private static final int FIRST_OF_ID = 6;

  /** RFC 9000, section 14.1: shorter ones are not first packets. */
  private static final int FIRST_PACKET = 1200;

  private final SecureRandom random = new SecureRandom();
  private final Identity bob = Identity.generate(random);
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong flooded = new AtomicLong();
  private volatile boolean over;
  private QuicTransport listening;
  private QuicTransport dialling;

  private QuicTransport transport(Identity identity) throws IOException {
    return new QuicTransport(
        identity,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        QuicSettings.STANDARD,
        InstantSource.system(),
        random);
  }

  @BeforeEach
  void open() throws IOException {
    listening = transport(bob);
    listening.listen(connection -> connection.serve(this::count));
    dialling = transport(Identity.generate(random));
    dialling.listen(connection -> connection.close("not expected"));
  }

  @AfterEach
  void close() {
    over = true;
    dialling.close();
    listening.close();
  }

  private void count(ByteStream stream) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(PIECE);
    int got = stream.read(bytes);
    while (got >= 0) {
      received.addAndGet(got);
      got = stream.read(bytes.clear());
    }
  }

  private Connection dialled() throws IOException {
    return dialling.dial(bob.id(), listening.addresses(), DIAL);
  }

  /** Sends at a steady pace for some seconds; the bytes that have come by the end. */
  private long transferred(ByteStream stream) throws IOException {
    long before = received.get();
    long start = System.nanoTime();
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
    long end = start + PIECES * PACE.toNanos();
    for (int i = 0; i < PIECES && System.nanoTime() < end; i++) {
      LockSupport.parkNanos(start + i * PACE.toNanos() - System.nanoTime());
      stream.write(piece.clear());
    }
    LockSupport.parkNanos(end - System.nanoTime());
    return received.get() - before;
  }

  /** A long header, RFC 9000, section 17.2.2, and noise behind it. */
  private static void firstPacket(ByteBuffer packet, Random noise) {
    byte[] bytes = new byte[FIRST_PACKET];
    do {
      noise.nextBytes(bytes);
      // Others are not for the accepting side, and are dropped at once.
    } while (!ConnectionIds.isForAcceptingSide(bytes[FIRST_OF_ID]));
    packet.clear().put(bytes).flip();
    packet
        .put(0, (byte) 0xc3)
        .putInt(1, 1)
        .put(5, (byte) 8)
        .put(14, (byte) 8)
        .put(23, (byte) 0)
        .putShort(24, (short) (0x4000 | (FIRST_PACKET - 26)));
  }

  private void flood(InetSocketAddress target) {
    Random noise = new Random(1);
    ByteBuffer packet = ByteBuffer.allocateDirect(FIRST_PACKET);
    DatagramChannel[] ports = new DatagramChannel[PORTS];
    try {
      for (int i = 0; i < PORTS; i++) {
        ports[i] =
            DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      }
      long start = System.nanoTime();
      while (!over) {
        for (int i = 0; i < BURST; i++) {
          firstPacket(packet, noise);
          int _ = ports[noise.nextInt(PORTS)].send(packet, target);
        }
        long sent = flooded.addAndGet(BURST);
        LockSupport.parkNanos(start + sent * 1_000_000_000 / FLOOD_PER_SECOND - System.nanoTime());
      }
    } catch (IOException e) {
      over = true;
    } finally {
      for (DatagramChannel port : ports) {
        closeQuietly(port);
      }
    }
  }

  private static void closeQuietly(DatagramChannel port) {
    try {
      port.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whoIsConnectedGoesOnAndWhoComesGetsIn() throws Exception {
    InetSocketAddress target = AddressText.parse(listening.addresses().getFirst());
    try (ByteStream stream = dialled().open(Urgency.BULK)) {
      long calm = transferred(stream);
      Thread attacker = Thread.ofPlatform().daemon().start(() -> flood(target));
      Patience.until("the flood begins", () -> flooded.get() > 5_000);
      // What else runs on this machine may take the processor for a while.
      Patience.until("most of it arrives", () -> transferred(stream) >= SHARE * calm);
      dialled().close("enough");
      over = true;
      attacker.join();
      Patience.until("all is as before", () -> transferred(stream) >= SHARE * calm);
      dialled().close("enough");
    }
  }
}
