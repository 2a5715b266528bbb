package dev.godwit.run;

import dev.godwit.testnetwork.Outcome;
import dev.godwit.testnetwork.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Programs at work in a file system, side by side: fio with verification, git clone, SQLite with
 * ten thousand transactions, and a {@link Ledger}. Afterwards the same programs can say whether
 * what is there is whole.
 */
final class Workload implements AutoCloseable {
  private static final int TRANSACTIONS = 10_000;
  private static final int FILES = 200;
  private static final List<String> DATABASES = List.of("ledger.db", "transactions.db");

  private final Programs programs;
  private final long seed;
  private final Ledger ledger;
  private final List<Job> jobs = new ArrayList<>();

  /** A program that runs. */
  private record Job(String name, FutureTask<Outcome> outcome) {}

  private Workload(Programs programs, Path files, long seed) throws IOException {
    this.programs = programs;
    this.seed = seed;
    this.ledger = Ledger.start(programs, files.resolve("ledger.db"));
  }

  /** Makes the repository that is cloned later. */
  static void prepareRepository(Programs programs, Path repository)
      throws IOException, InterruptedException {
    Files.createDirectories(repository);
    Random random = new Random(1);
    for (int i = 0; i < FILES; i++) {
      byte[] bytes = new byte[1 + random.nextInt(40_000)];
      random.nextBytes(bytes);
      Path folder = Files.createDirectories(repository.resolve("folder" + i % 20));
      Files.write(folder.resolve("file" + i), bytes);
    }
    String here = repository.toString();
    var _ = programs.run("git", "init", "-q", here).succeeded();
    var _ = programs.run("git", "-C", here, "add", ".").succeeded();
    var _ =
        programs
            .run(
                "git",
                "-C",
                here,
                "-c",
                "user.name=nobody",
                "-c",
                "user.email=nobody@localhost",
                "commit",
                "-q",
                "-m",
                "files")
            .succeeded();
  }

  static Workload start(Programs programs, Path files, Path repository, long seed)
      throws IOException {
    Workload workload = new Workload(programs, files, seed);
    workload.run("fio", "", workload.fio(files.resolve("fio"), "--end_fsync=1"));
    workload.run(
        "git clone",
        "",
        List.of(
            "git",
            "clone",
            "-q",
            "--no-hardlinks",
            repository.toString(),
            files.resolve("clone").toString()));
    workload.run(
        "sqlite3",
        transactions(),
        List.of("sqlite3", "-bail", files.resolve("transactions.db").toString()));
    return workload;
  }

  private List<String> fio(Path file, String more) {
    return List.of(
        "fio",
        "--name=verify",
        "--filename=" + file,
        "--size=24m",
        "--rw=randwrite",
        "--bs=4k",
        "--direct=1",
        "--ioengine=libaio",
        "--iodepth=8",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--randseed=" + seed,
        more);
  }

  private static String transactions() {
    StringBuilder sql = new StringBuilder("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;\n");
    sql.append("CREATE TABLE numbers(n INTEGER PRIMARY KEY, square INTEGER, text TEXT);\n");
    for (int n = 0; n < TRANSACTIONS; n++) {
      sql.append("INSERT INTO numbers VALUES(" + n + ", " + n * n + ", 'number " + n + "');\n");
    }
    return sql.toString();
  }

  private void run(String name, String input, List<String> command) {
    FutureTask<Outcome> task = new FutureTask<>(() -> programs.run(input, command));
    Thread.ofVirtual().name(name).start(task);
    jobs.add(new Job(name, task));
  }

  /** Rows that are durable, as their program was told. */
  int acknowledged() {
    return ledger.acknowledged();
  }

  /**
   * Waits until everything has ended, well or not.
   *
   * @return what did not go well, if anything
   * @throws IOException when something does not end
   */
  List<String> await(long seconds) throws IOException, InterruptedException {
    List<String> failures = new ArrayList<>();
    for (Job job : jobs) {
      try {
        Outcome outcome = job.outcome().get(seconds, TimeUnit.SECONDS);
        if (outcome.status() != 0) {
          failures.add(job.name() + ": " + outcome.err().strip());
        }
      } catch (ExecutionException e) {
        throw new IOException(job.name() + " could not be run: " + e.getCause(), e);
      } catch (TimeoutException e) {
        throw new IOException(job.name() + " hangs", e);
      }
    }
    if (!ledger.stop()) {
      throw new IOException("the ledger hangs");
    }
    if (ledger.acknowledged() == 0) {
      failures.add("ledger: no row became durable");
    }
    return failures;
  }

  /** What programs can demand of what is there. */
  enum Demand {
    /** All that they have done. */
    ALL,
    /** What was durable, and that nothing is damaged. */
    DURABLE
  }

  /**
   * Checks what they have left.
   *
   * @param there the same files, perhaps at another place
   * @param aside an empty folder to work in
   * @return complaints
   */
  List<String> check(Path there, Path aside, Demand demand)
      throws IOException, InterruptedException {
    List<String> complaints = new ArrayList<>();
    Files.createDirectories(aside);
    for (String database : DATABASES) {
      for (String end : List.of("", "-journal", "-wal")) {
        Path file = there.resolve(database + end);
        if (Files.exists(file)) {
          Files.copy(file, aside.resolve(database + end), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      String whole = query(aside.resolve(database), "PRAGMA integrity_check;");
      if (!whole.equals("ok")) {
        complaints.add(database + " is damaged: " + whole);
      }
    }
    // A crash before the table was made leaves none.
    if (acknowledged() > 0) {
      String rows = query(aside.resolve("ledger.db"), "SELECT count(*) FROM ledger;");
      if (!rows.matches("\\d+") || Integer.parseInt(rows) < acknowledged()) {
        complaints.add(acknowledged() + " rows were durable, there are " + rows);
      }
    }
    if (demand == Demand.ALL) {
      String rows = query(aside.resolve("transactions.db"), "SELECT count(*) FROM numbers;");
      if (!rows.equals(Integer.toString(TRANSACTIONS))) {
        complaints.add(TRANSACTIONS + " transactions were made, there are " + rows);
      }
      Files.copy(there.resolve("fio"), aside.resolve("fio"));
      expect(complaints, fio(aside.resolve("fio"), "--verify_only"));
      expect(
          complaints,
          List.of(
              "git", "-c", "safe.directory=*", "-C", there.resolve("clone").toString(), "fsck"));
      expect(
          complaints,
          List.of(
              "git",
              "-c",
              "safe.directory=*",
              "-C",
              there.resolve("clone").toString(),
              "diff",
              "--quiet",
              "HEAD"));
    }
    return complaints;
  }

  private String query(Path database, String sql) throws IOException, InterruptedException {
    Outcome outcome = programs.run("sqlite3", database.toString(), sql);
    return (outcome.out() + outcome.err()).strip();
  }

  private void expect(List<String> complaints, List<String> command)
      throws IOException, InterruptedException {
    Outcome outcome = programs.run("", command);
    if (outcome.status() != 0) {
      complaints.add(outcome.toString());
    }
  }

  @Override
  public void close() {
    ledger.close();
  }
}
