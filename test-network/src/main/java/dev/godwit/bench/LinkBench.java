package dev.godwit.bench;

import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.internet.ShapedLink;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much TCP a shaped link carries, and how exact its delay is. Needs root, iperf3 and ping. */
final class LinkBench {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern RATE = Pattern.compile("([0-9.]+) Mbits/sec.*receiver");
  private static final Pattern ROUND_TRIP = Pattern.compile("= ([0-9./]+) ms");
  private static final int SECONDS = 5;

  /** One that does next to nothing is still a shaped one. */
  private static final LinkProfile NEXT_TO_NOTHING = LinkProfile.PERFECT.withQueue(1 << 20);

  private LinkBench() {}

  static void run(PrintStream out) throws Exception {
    out.printf("%nShaped links: TCP for %d s each, and pings%n", SECONDS);
    measure(out, "0 ms", NEXT_TO_NOTHING);
    measure(out, "10 ms each way", NEXT_TO_NOTHING.withDelay(Duration.ofMillis(10)));
    measure(out, "20 ms each way", NEXT_TO_NOTHING.withDelay(Duration.ofMillis(20)));
    measure(
        out,
        "10 ms each way, 100 Mbit/s",
        NEXT_TO_NOTHING.withDelay(Duration.ofMillis(10)).withRate(100_000_000));
    measure(
        out,
        "10 ms each way, 0.1 % loss",
        NEXT_TO_NOTHING.withDelay(Duration.ofMillis(10)).withLoss(0.001));
  }

  private static void measure(PrintStream out, String name, LinkProfile profile) throws Exception {
    try (Internet internet = Internet.create()) {
      Host server = internet.host("server");
      Host client = internet.host("client", NatKind.NONE, profile);
      String address = server.address().getHostAddress();
      for (Host host : List.of(server, client)) {
        // As much as common systems allow, or the windows are the limit.
        host.call(
            () -> {
              for (String file : List.of("tcp_rmem", "tcp_wmem")) {
                Files.writeString(Path.of("/proc/sys/net/ipv4", file), "4096 131072 33554432");
              }
              return host;
            });
      }
      String pings =
          output(client.command(List.of("ping", "-q", "-c", "20", "-i", "0.05", address)));
      String cubic = tcp(server, client, "cubic");
      String bbr = tcp(server, client, "bbr");
      String figures =
          client.link() instanceof ShapedLink shaped
              ? "out " + shaped.outward() + ", back " + shaped.inward()
              : "";
      out.printf(
          Locale.ROOT,
          "  %-30s CUBIC %6s, BBR %6s Mbit/s; ping min/avg/max/mdev %s ms; %s%n",
          name,
          cubic,
          bbr,
          find(ROUND_TRIP, pings),
          figures);
    }
  }

  /** How many megabits a second arrive. */
  private static String tcp(Host server, Host client, String algorithm)
      throws IOException, InterruptedException {
    Process iperf =
        server
            .command(List.of("iperf3", "--server", "--one-off", "--forceflush"))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader said = iperf.inputReader()) {
      // The second line says that it listens.
      said.readLine();
      said.readLine();
      String address = server.address().getHostAddress();
      String seconds = Integer.toString(SECONDS);
      return find(
          RATE,
          output(
              client.command(
                  List.of("iperf3", "-c", address, "-t", seconds, "-C", algorithm, "-f", "m"))));
    } finally {
      iperf.destroyForcibly();
    }
  }

  private static String find(Pattern pattern, String text) throws IOException {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new IOException("no figure in: " + text);
    }
    return matcher.group(1);
  }

  private static String output(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("does not end: " + builder.command());
      }
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      process.destroyForcibly();
    }
  }
}
