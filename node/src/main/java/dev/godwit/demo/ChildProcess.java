package dev.godwit.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A {@code godwit} process that talks JSON, one object a line. Closing ends it, by force if need
 * be.
 */
final class ChildProcess implements AutoCloseable {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final Duration POLITE = Duration.ofSeconds(10);

  private final String name;
  private final Process process;
  private final Path errors;
  private final Map<String, CompletableFuture<Map<String, String>>> first = new HashMap<>();
  private final Consumer<Map<String, String>> listener;
  private final Thread reader;

  private ChildProcess(
      String name, Process process, Path errors, Consumer<Map<String, String>> listener) {
    this.name = name;
    this.process = process;
    this.errors = errors;
    this.listener = listener;
    this.reader = Thread.ofVirtual().name(name).start(this::read);
  }

  /**
   * Starts a process.
   *
   * @param name for messages
   * @param listener called with every event
   */
  static ChildProcess start(
      String name, Path directory, List<String> command, Consumer<Map<String, String>> listener)
      throws IOException {
    Path errors = directory.resolve(name + ".err");
    Process process =
        new ProcessBuilder(command)
            .redirectError(errors.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .start();
    return new ChildProcess(name, process, errors, listener);
  }

  long pid() {
    return process.pid();
  }

  private CompletableFuture<Map<String, String>> future(String event) {
    synchronized (first) {
      return first.computeIfAbsent(event, key -> new CompletableFuture<>());
    }
  }

  private void read() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Optional<Map<String, String>> event = parse(line);
        if (event.isPresent()) {
          listener.accept(event.get());
          future(event.get().getOrDefault("event", "")).complete(event.get());
        }
      }
      process.waitFor();
    } catch (IOException | UncheckedIOException e) {
      fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    fail(new IOException(name + " ended with status " + exitValue() + errors()));
  }

  private String exitValue() {
    return process.isAlive() ? "unknown" : String.valueOf(process.exitValue());
  }

  private String errors() {
    try {
      String text = Files.readString(errors).strip();
      return text.isEmpty() ? "" : ": " + text;
    } catch (IOException e) {
      return " (" + e.getMessage() + ")";
    }
  }

  private void fail(Exception cause) {
    List<CompletableFuture<Map<String, String>>> waiting;
    synchronized (first) {
      waiting = new ArrayList<>(first.values());
      first.put("", CompletableFuture.failedFuture(cause));
    }
    for (CompletableFuture<Map<String, String>> one : waiting) {
      one.completeExceptionally(cause);
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
    return Optional.of(members);
  }

  /** Waits for the first event of that name. */
  Map<String, String> await(String event, Duration limit) throws IOException, InterruptedException {
    CompletableFuture<Map<String, String>> expected = future(event);
    synchronized (first) {
      CompletableFuture<Map<String, String>> ended = first.get("");
      if (ended != null && ended.isCompletedExceptionally() && !expected.isDone()) {
        expected.completeExceptionally(ended.exceptionNow());
      }
    }
    try {
      return expected.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(message(e)), e);
    } catch (TimeoutException e) {
      throw new IOException(
          name + " said nothing of '" + event + "' within " + limit.toSeconds() + " s", e);
    }
  }

  private static String message(ExecutionException e) {
    Throwable cause = e.getCause();
    return String.valueOf(cause == null ? e.getMessage() : cause.getMessage());
  }

  /** Asks the process to end and waits for it. */
  int stop() throws IOException, InterruptedException {
    process.destroy();
    return awaitEnd(POLITE);
  }

  /** Waits for the process to end by itself. */
  int awaitEnd(Duration limit) throws IOException, InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException(name + " does not end");
    }
    reader.join();
    return process.exitValue();
  }

  /** Throws when the process has ended with a failure. */
  void failIfDead() throws IOException {
    if (!process.isAlive() && process.exitValue() != 0) {
      throw new IOException(name + " ended with status " + process.exitValue() + errors());
    }
  }

  /** What it wrote to its standard error. */
  String complaints() {
    return errors();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(POLITE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
