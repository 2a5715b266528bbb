package dev.godwit.cli;

import dev.godwit.migration.MigrationProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A migration at one moment, as it is shown.
 *
 * @param name whose resource
 * @param progress how far it is
 * @param elapsed since its beginning
 * @param path how the seeder is reached
 */
record MigrationLine(String name, MigrationProgress progress, Duration elapsed, String path) {
  long bytesTotal() {
    return Math.max(1, progress.bytesExpected());
  }

  double bytesPerSecond() {
    return progress.bytesFetched() / Math.max(0.001, elapsed.toNanos() / 1e9);
  }

  private Duration left() {
    double rate = bytesPerSecond();
    long missing = Math.max(0, bytesTotal() - progress.bytesFetched());
    return rate < 1 ? Duration.ZERO : Duration.ofMillis((long) (missing / rate * 1000));
  }

  ProgressLine line() {
    List<String> details = new ArrayList<>();
    details.add(Units.bytes(bytesPerSecond()) + "/s");
    if (bytesPerSecond() >= 1) {
      details.add(Units.clock(left()) + " left");
    }
    details.add(path);
    if (progress.rounds() > 0) {
      details.add(
          "round "
              + progress.rounds()
              + ", pause "
              + Units.millis(Units.toMillis(progress.predictedDowntime())));
    }
    details.add(Units.bytes(progress.bytesFetched()) + " of " + Units.bytes(bytesTotal()));
    return new ProgressLine(name, (double) progress.bytesFetched() / bytesTotal(), details);
  }
}
