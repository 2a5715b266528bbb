package dev.godwit.run;

import dev.godwit.testnetwork.Programs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A SQLite database that one row after the other is put into, each in a transaction of its own that
 * is durable when SQLite says so. It remembers which ones SQLite has said so about.
 */
final class Ledger implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120;

  private final Process process;
  private final Thread working;
  private volatile int acknowledged;
  private volatile boolean enough;

  private Ledger(Process process) {
    this.process = process;
    this.working = Thread.ofPlatform().daemon().name("ledger").start(this::work);
  }

  static Ledger start(Programs programs, Path database) throws IOException {
    return new Ledger(
        programs
            .builder(List.of("sqlite3", "-batch", "-bail", database.toString()))
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .redirectErrorStream(true)
            .start());
  }

  private void work() {
    try (Writer to = process.outputWriter(StandardCharsets.UTF_8);
        BufferedReader from = process.inputReader(StandardCharsets.UTF_8)) {
      to.write(
          """
          PRAGMA journal_mode=WAL;
          PRAGMA synchronous=FULL;
          CREATE TABLE ledger(n INTEGER PRIMARY KEY, what BLOB);
          """);
      for (int n = 1; !enough; n++) {
        to.write(
            "INSERT INTO ledger VALUES(" + n + ", randomblob(300)); SELECT 'row', " + n + ";\n");
        to.flush();
        String line = from.readLine();
        while (line != null && line.equals("wal")) {
          line = from.readLine();
        }
        if (!("row|" + n).equals(line)) {
          return;
        }
        acknowledged = n;
      }
    } catch (IOException e) {
      // Its file system has failed: what it was told so far is what counts.
      enough = true;
    }
  }

  /** How many rows SQLite has called durable. */
  int acknowledged() {
    return acknowledged;
  }

  /**
   * Lets it end.
   *
   * @return whether it has ended in time
   */
  boolean stop() throws InterruptedException {
    enough = true;
    working.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    return !working.isAlive() && process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
