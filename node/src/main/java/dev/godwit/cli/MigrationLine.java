package dev.godwit.cli;

import dev.godwit.migration.MigrationProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A migration at one moment, as it is shown.
 *
 * @param name whose resource
 * @param bytesDone that have arrived, over all rounds
 * @param bytesTotal that have to arrive as far as is known
 * @param rounds that have ended
 * @param pause how long the program would stand still if it were taken now
 * @param bytesPerSecond how fast they arrive now
 * @param path how the seeder is reached
 */
record MigrationLine(
    String name,
    long bytesDone,
    long bytesTotal,
    int rounds,
    Duration pause,
    double bytesPerSecond,
    String path) {

  static MigrationLine of(
      String name, MigrationProgress progress, double bytesPerSecond, String path) {
    return new MigrationLine(
        name,
        progress.bytesFetched(),
        progress.bytesExpected(),
        progress.rounds(),
        progress.predictedDowntime(),
        bytesPerSecond,
        path);
  }

  private Duration left() {
    return Duration.ofMillis((long) (Math.max(0, bytesTotal - bytesDone) / bytesPerSecond * 1000));
  }

  ProgressLine line() {
    List<String> details = new ArrayList<>();
    details.add(Units.bytes(bytesPerSecond) + "/s");
    if (bytesPerSecond >= 1) {
      details.add(Units.clock(left()) + " left");
    }
    details.add(path);
    if (rounds > 0) {
      details.add("round " + rounds + ", pause " + Units.millis(Units.toMillis(pause)));
    }
    details.add(Units.bytes(bytesDone) + " of " + Units.bytes(bytesTotal));
    return new ProgressLine(name, (double) bytesDone / Math.max(1, bytesTotal), details);
  }
}
