package dev.godwit.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Measurements by fio.
 *
 * @param reads whether reads are counted, otherwise writes
 * @param command without how long and how to print
 */
record Fio(Counted reads, List<String> command) {
  private static final int SECONDS = 3;

  // Terse version 3, counted from 0.
  private static final int READ_BANDWIDTH = 6;
  private static final int READ_IOPS = 7;
  private static final int WRITE_BANDWIDTH = 47;
  private static final int WRITE_IOPS = 48;

  /** What is counted. */
  enum Counted {
    /** Reads. */
    READS,
    /** Writes. */
    WRITES
  }

  /**
   * A measurement.
   *
   * @param pattern as fio calls it, for example {@code randread}
   * @param block size of a request, as fio takes it
   * @param more further options
   */
  static Fio of(String pattern, String block, List<String> more) {
    List<String> command =
        new ArrayList<>(List.of("fio", "--name=x", "--rw=" + pattern, "--bs=" + block));
    command.addAll(more);
    return new Fio(pattern.endsWith("read") ? Counted.READS : Counted.WRITES, command);
  }

  /** Requests a second. */
  double iops() throws IOException, InterruptedException {
    return Double.parseDouble(
        fields()[
            switch (reads) {
              case READS -> READ_IOPS;
              case WRITES -> WRITE_IOPS;
            }]);
  }

  /** Megabytes a second. */
  double bandwidth() throws IOException, InterruptedException {
    double kib =
        Double.parseDouble(
            fields()[
                switch (reads) {
                  case READS -> READ_BANDWIDTH;
                  case WRITES -> WRITE_BANDWIDTH;
                }]);
    return kib * 1024 / 1e6;
  }

  private String[] fields() throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(command);
    all.addAll(
        List.of(
            "--time_based", "--runtime=" + SECONDS, "--output-format=terse", "--terse-version=3"));
    Process fio = new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String line = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (fio.waitFor() != 0) {
      throw new IOException("fio failed: " + line);
    }
    return line.strip().split(";", -1);
  }
}
