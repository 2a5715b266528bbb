package dev.godwit.bench;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.path.Way;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.StreamTimeoutException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Every transport over the same links as iperf3: one stream, and requests of 64 bytes on a quiet
 * connection. Both nodes, and the hub of the relay, are in this process; the links, and iperf3's
 * processes, have the same two cores. Needs root and iperf3.
 */
final class TransportBench {
  private static final long RATE = 200_000_000;
  private static final int QUEUE = 1 << 20;
  private static final Duration WARM_UP = Duration.ofSeconds(3);
  private static final Duration MEASURED = Duration.ofSeconds(6);
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int REQUESTS = 300;
  private static final int REQUEST = 64;

  private final PrintStream out;
  private final SecureRandom random = new SecureRandom();

  private TransportBench(PrintStream out) {
    this.out = out;
  }

  /**
   * What was measured.
   *
   * @param rate megabytes a second
   * @param median of a request, milliseconds
   * @param late 99 of 100 are faster, milliseconds
   */
  private record Figures(double rate, double median, double late) {}

  static void run(PrintStream out) throws Exception {
    out.printf(
        Locale.ROOT,
        "%nTransports over a link of %d Mbit/s: one stream, MB/s (ratio to iperf3), and 64-byte"
            + " requests, ms at the median and the 99th percentile%n",
        RATE / 1_000_000);
    TransportBench bench = new TransportBench(out);
    for (int delay : List.of(0, 20, 100)) {
      for (double loss : List.of(0.0, 0.001, 0.01)) {
        bench.measure(delay, loss);
      }
    }
  }

  private void measure(int roundTripMillis, double loss) throws Exception {
    LinkProfile link =
        LinkProfile.PERFECT
            .withDelay(Duration.ofMillis(roundTripMillis).dividedBy(2))
            .withLoss(loss)
            .withRate(RATE)
            .withQueue(QUEUE);
    try (Internet internet = Internet.create(7)) {
      Host server = internet.host("hub");
      Host near = internet.host("near");
      Host far = internet.host("far", NatKind.NONE, link);
      for (Host host : List.of(server, near, far)) {
        prepare(host);
      }
      out.printf(Locale.ROOT, "  %3d ms, %.1f %% loss:", roundTripMillis, loss * 100);
      String usual = Files.readString(Path.of("/proc/sys/net/ipv4/tcp_congestion_control")).strip();
      double tcp = Iperf3.rate(near, far, usual, WARM_UP, MEASURED);
      out.printf(
          Locale.ROOT,
          "  iperf3 %s %.1f, cubic %.1f;",
          usual,
          tcp,
          usual.equals("cubic") ? tcp : Iperf3.rate(near, far, "cubic", WARM_UP, MEASURED));
      Map<Way, Figures> all = new EnumMap<>(Way.class);
      for (Way way : Way.values()) {
        Figures figures = measure(way, server, near, far);
        all.put(way, figures);
        out.printf(
            Locale.ROOT,
            "  %s %.1f (%.2f) %.1f/%.1f",
            way.word(),
            figures.rate(),
            figures.rate() / tcp,
            figures.median(),
            figures.late());
        out.flush();
      }
      out.printf(
          Locale.ROOT,
          "  relay/tls %.2f%n",
          Objects.requireNonNull(all.get(Way.RELAY)).rate()
              / Objects.requireNonNull(all.get(Way.TLS)).rate());
    }
  }

  /** Gives TCP the room that a link with delay needs. */
  static void prepare(Host host) throws IOException {
    host.call(
        () -> {
          for (String file : List.of("tcp_rmem", "tcp_wmem")) {
            Files.writeString(Path.of("/proc/sys/net/ipv4", file), "4096 131072 33554432");
          }
          return host;
        });
  }

  private Figures measure(Way way, Host server, Host near, Host far) throws Exception {
    Identity alice = Identity.generate(random);
    Identity bob = Identity.generate(random);
    try (TransportPair pair = TransportPair.of(way, server, near, far, alice, bob, random)) {
      LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
      pair.acceptor().listen(accepted::add);
      pair.dialler().listen(connection -> connection.close("not expected"));
      Connection here =
          near.call(
              () -> pair.dialler().dial(bob.id(), pair.acceptor().addresses(), LIMIT.dividedBy(2)));
      Connection there = Objects.requireNonNull(accepted.poll(10, TimeUnit.SECONDS));
      AtomicLong received = new AtomicLong();
      there.serve(stream -> serve(stream, received));
      double[] millis = requests(here);
      double rate = throughput(here, received);
      return new Figures(rate, millis[millis.length / 2], millis[millis.length * 99 / 100]);
    }
  }

  /** The first byte of a stream says what it is for. */
  private static void serve(ByteStream stream, AtomicLong received) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20).limit(1);
    stream.readFully(buffer);
    boolean echo = buffer.flip().get() == 1;
    while (true) {
      buffer.clear();
      if (echo) {
        buffer.limit(REQUEST);
      }
      int count = stream.read(buffer);
      if (count < 0) {
        return;
      }
      if (echo) {
        stream.write(buffer.flip());
      } else {
        received.addAndGet(count);
      }
    }
  }

  private static double[] requests(Connection connection) throws IOException {
    double[] millis = new double[REQUESTS];
    int done = 0;
    long end = System.nanoTime() + LIMIT.dividedBy(2).toNanos();
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      stream.timeout(LIMIT);
      stream.write(ByteBuffer.wrap(new byte[] {1}));
      ByteBuffer request = ByteBuffer.allocateDirect(REQUEST);
      while (done < REQUESTS && System.nanoTime() < end) {
        long start = System.nanoTime();
        stream.write(request.clear());
        stream.readFully(request.clear());
        millis[done++] = (System.nanoTime() - start) / 1e6;
      }
    }
    double[] measured = Arrays.copyOf(millis, done);
    Arrays.sort(measured);
    return measured;
  }

  private static double throughput(Connection connection, AtomicLong received)
      throws IOException, InterruptedException {
    try (ByteStream stream = connection.open(Urgency.BULK)) {
      stream.timeout(LIMIT);
      Thread writing =
          Thread.ofVirtual()
              .start(
                  () -> {
                    ByteBuffer noise = ByteBuffer.allocateDirect(256 * 1024);
                    try {
                      stream.write(ByteBuffer.wrap(new byte[] {2}));
                      while (true) {
                        stream.write(noise.clear());
                      }
                    } catch (StreamTimeoutException e) {
                      throw new UncheckedIOException(e);
                    } catch (IOException e) {
                      // The measurement is over.
                      return;
                    }
                  });
      Thread.sleep(WARM_UP);
      long from = received.get();
      long start = System.nanoTime();
      Thread.sleep(MEASURED);
      double rate = (received.get() - from) / 1e6 / ((System.nanoTime() - start) / 1e9);
      stream.reset(0);
      writing.join();
      return rate;
    }
  }
}
