package dev.godwit.bench;

import dev.godwit.internet.Host;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** TCP as iperf3 sees it: what every link is measured with first. */
final class Iperf3 {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern RECEIVED = Pattern.compile("([0-9.]+) Mbits/sec.*receiver");

  private Iperf3() {}

  /**
   * Megabytes a second from one host to another.
   *
   * @param algorithm of congestion control, as the kernel calls it
   */
  static double rate(Host near, Host far, String algorithm, Duration warmUp, Duration measured)
      throws IOException, InterruptedException {
    Process serving =
        far.command(List.of("iperf3", "--server", "--one-off", "--forceflush"))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader said = serving.inputReader()) {
      // The second line says that it listens.
      said.readLine();
      said.readLine();
      Process asking =
          near.command(
                  List.of(
                      "iperf3",
                      "-c",
                      far.address().getHostAddress(),
                      "-t",
                      Long.toString(measured.toSeconds()),
                      "-O",
                      Long.toString(warmUp.toSeconds()),
                      "-C",
                      algorithm,
                      "-f",
                      "m"))
              .redirectErrorStream(true)
              .start();
      try {
        asking.getOutputStream().close();
        if (!asking.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IOException("iperf3 does not end");
        }
        String text = new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher matcher = RECEIVED.matcher(text);
        if (!matcher.find()) {
          throw new IOException("no figure in: " + text);
        }
        return Double.parseDouble(matcher.group(1)) / 8;
      } finally {
        asking.destroyForcibly();
      }
    } finally {
      serving.destroyForcibly();
    }
  }
}
