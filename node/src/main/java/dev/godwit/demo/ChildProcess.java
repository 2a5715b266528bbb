package dev.godwit.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A {@code godwit} process that talks JSON, one object a line. Closing ends it, by force if need
 * be. Thread-safe.
 */
public final class ChildProcess implements AutoCloseable {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final Duration POLITE = Duration.ofSeconds(30);

  /** For the threads of a process that does not end to be told. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  /** Ends what a virtual machine tells of its threads. */
  private static final String LAST_OF_THREADS = "JNI global refs";

  /** Lines besides events that are kept: the threads of a node are about half of that. */
  private static final int LINES = 2000;

  private final String name;
  private final Process process;
  private final Path errors;
  private final Consumer<Map<String, String>> listener;
  private final Thread reader;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition heard = lock.newCondition();
  private final List<Map<String, String>> events = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();
  private @Nullable IOException end;

  private ChildProcess(
      String name, Process process, Path errors, Consumer<Map<String, String>> listener) {
    this.name = name;
    this.process = process;
    this.errors = errors;
    this.listener = listener;
    // A read of a pipe holds the thread that carries a virtual one, of which there are few.
    this.reader = Thread.ofPlatform().daemon().name(name).start(this::read);
  }

  /**
   * Starts a process.
   *
   * @param name for messages and for the file with what it writes to its standard error
   * @param directory where that file goes
   * @param builder everything else about it
   * @param listener called with every event, on a thread of its own
   */
  public static ChildProcess start(
      String name, Path directory, ProcessBuilder builder, Consumer<Map<String, String>> listener)
      throws IOException {
    Path errors = directory.resolve(name + ".err");
    return new ChildProcess(name, builder.redirectError(errors.toFile()).start(), errors, listener);
  }

  /** What it is called. */
  public String name() {
    return name;
  }

  /** Its number. */
  public long pid() {
    return process.pid();
  }

  /** Whether it has not ended yet. */
  public boolean isAlive() {
    return process.isAlive();
  }

  private void read() {
    String how = "";
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Optional<Map<String, String>> event = parse(line);
        if (event.isPresent()) {
          add(event.get());
          listener.accept(event.get());
        } else {
          add(line);
        }
      }
      process.waitFor();
    } catch (IOException | RuntimeException e) {
      how = " (its output cannot be read: " + e.getMessage() + ")";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    lock.lock();
    try {
      end = new IOException(name + " ended with status " + exitValue() + how + complaints());
      heard.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void add(Map<String, String> event) {
    lock.lock();
    try {
      events.add(event);
      heard.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void add(String line) {
    lock.lock();
    try {
      if (lines.size() < LINES) {
        lines.add(line);
        heard.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private String exitValue() {
    return process.isAlive() ? "unknown" : String.valueOf(process.exitValue());
  }

  /** What it wrote to its standard error, after a colon, or nothing. */
  public String complaints() {
    try {
      String text = Files.readString(errors).strip();
      return text.isEmpty() ? "" : ": " + text;
    } catch (IOException e) {
      return " (" + e.getMessage() + ")";
    }
  }

  private static Optional<Map<String, String>> parse(String line) throws IOException {
    if (!line.startsWith("{")) {
      return Optional.empty();
    }
    Map<String, String> members = new HashMap<>();
    try (JsonParser parser = FACTORY.createParser(line)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String member = parser.currentName();
        JsonToken value = parser.nextToken();
        if (value.isStructStart()) {
          parser.skipChildren();
        } else {
          members.put(member, parser.getText());
        }
      }
    }
    return Optional.of(Map.copyOf(members));
  }

  /** All events so far, the oldest first. */
  public List<Map<String, String>> events() {
    lock.lock();
    try {
      return List.copyOf(events);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the first event of that name.
   *
   * @throws IOException when the process ends without it, or {@code limit} is over
   */
  public Map<String, String> await(String event, Duration limit)
      throws IOException, InterruptedException {
    return await(event, told -> event.equals(told.get("event")), limit);
  }

  /**
   * Waits for the first event that is {@code wanted}.
   *
   * @param what it is, for messages
   * @throws IOException when the process ends without it, or {@code limit} is over
   */
  public Map<String, String> await(
      String what, Predicate<Map<String, String>> wanted, Duration limit)
      throws IOException, InterruptedException {
    long left = limit.toNanos();
    int seen = 0;
    lock.lock();
    try {
      while (true) {
        for (; seen < events.size(); seen++) {
          if (wanted.test(events.get(seen))) {
            return events.get(seen);
          }
        }
        if (end != null) {
          throw new IOException(end.getMessage(), end);
        }
        if (left <= 0) {
          throw new IOException(
              name + " said nothing of '" + what + "' within " + limit.toSeconds() + " s");
        }
        left = heard.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Asks the process to end and waits for it. */
  public int stop() throws IOException, InterruptedException {
    return stop(POLITE);
  }

  /**
   * Asks the process to end and waits for it.
   *
   * @throws IOException when it has not ended within {@code limit}
   */
  public int stop(Duration limit) throws IOException, InterruptedException {
    process.destroy();
    return awaitEnd(limit);
  }

  /** Waits for the process to end by itself, and for its last word. */
  public int awaitEnd(Duration limit) throws IOException, InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException(
          name + " does not end within " + limit.toSeconds() + " s. Its threads:\n" + threads());
    }
    reader.join(limit);
    return process.exitValue();
  }

  /** What its threads do, if it is a virtual machine that still answers. */
  private String threads() throws IOException, InterruptedException {
    Process _ = new ProcessBuilder("sh", "-c", "kill -QUIT " + process.pid()).start();
    long left = LAST_WORDS.toNanos();
    lock.lock();
    try {
      while (left > 0 && lines.stream().noneMatch(line -> line.startsWith(LAST_OF_THREADS))) {
        left = heard.awaitNanos(left);
      }
      return String.join("\n", lines);
    } finally {
      lock.unlock();
    }
  }

  /** Throws when the process has ended with a failure. */
  void failIfDead() throws IOException {
    if (!process.isAlive() && process.exitValue() != 0) {
      throw new IOException(name + " ended with status " + process.exitValue() + complaints());
    }
  }

  /** Ends the process by force, without waiting for its end. */
  void kill() {
    process.destroyForcibly();
  }

  /** Ends the process by force. */
  @Override
  public void close() {
    kill();
    try {
      process.waitFor(POLITE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
