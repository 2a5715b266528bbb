package dev.godwit.testing.disk;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A folder on a disk that fails at a call of choice, once or from then on. What fails, fails as on
 * Linux: a failed {@code fsync} is told once to each descriptor that was open, what it did not
 * write counts as clean and can be read until the page is dropped, and is not there after {@link
 * #losePower}. Whoever gets a path below {@link #root} uses the disk without knowing of it.
 * Thread-safe.
 */
public final class FailingDisk {
  private final DiskFileSystem files;
  private final Path real;
  private final List<Call> calls = new ArrayList<>();
  private final Map<Object, DiskFile> open = new HashMap<>();
  private int failAt = Integer.MAX_VALUE;
  private Lasting lasting = Lasting.ONCE;
  private @Nullable Operation awaited;
  private int failed;

  private FailingDisk(Path real) {
    this.real = real;
    this.files = new DiskFileSystem(this, real.getFileSystem());
  }

  /** A disk that works, with what is in a folder. */
  public static FailingDisk on(Path folder) {
    return new FailingDisk(folder);
  }

  /** How long it fails. */
  public enum Lasting {
    /** One call. */
    ONCE,
    /** That call and every later one. */
    FOR_EVER
  }

  /** What may fail. */
  public enum Operation {
    WRITE,
    TRUNCATE,
    FORCE,
    FORCE_FOLDER,
    RENAME,
    CREATE,
    DELETE
  }

  /**
   * One call.
   *
   * @param name of the file
   */
  public record Call(Operation operation, String name) {}

  /** The folder, on this disk. */
  public Path root() {
    return files.path(real);
  }

  /** Every call so far, in order, also those that failed. */
  public synchronized List<Call> calls() {
    return List.copyOf(calls);
  }

  /** How many calls have failed. */
  public synchronized int failures() {
    return failed;
  }

  /** Fails at the call that has this place in {@link #calls}. */
  public synchronized void failAt(int call, Lasting lasting) {
    this.failAt = call;
    this.lasting = lasting;
  }

  /** Fails the next call of that kind. */
  public synchronized void failNext(Operation operation) {
    awaited = operation;
  }

  /** Works again. What it has lost is lost. */
  public synchronized void repair() {
    failAt = Integer.MAX_VALUE;
    awaited = null;
  }

  /** Counts a call; whether it fails. */
  synchronized boolean fails(Operation operation, Path path) {
    calls.add(new Call(operation, String.valueOf(path.getFileName())));
    int at = calls.size() - 1;
    boolean now = lasting == Lasting.ONCE ? at == failAt : at >= failAt;
    if (operation == awaited) {
      awaited = null;
      now = true;
    }
    if (now) {
      failed++;
    }
    return now;
  }

  void call(Operation operation, Path path) throws IOException {
    if (fails(operation, path)) {
      throw failure(path);
    }
  }

  static IOException failure(Path path) {
    return new FileSystemException(path.toString(), null, "Input/output error");
  }

  /** The file that has this name now. */
  synchronized DiskFile file(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return open.computeIfAbsent(key, _ -> new DiskFile());
  }

  /**
   * Loses power: what a flush has failed to write is gone, and of what was not flushed any page may
   * be. Nobody may use the disk meanwhile.
   */
  public synchronized void losePower(Random random) throws IOException {
    try (var all = Files.walk(real)) {
      for (Path path : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        DiskFile file = file(path);
        file.losePower(path, random);
      }
    }
    open.clear();
  }
}
