package dev.godwit.internet;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A program of the system that changes the network. Safe for several threads. */
final class Tool {
  static final Tool IP = new Tool("ip", "iproute2");
  static final Tool NFT = new Tool("nft", "nftables");
  static final Tool CONNTRACK = new Tool("conntrack", "conntrack");

  /** None of them waits for anything but the kernel. */
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final String name;
  private final String debianPackage;

  private Tool(String name, String debianPackage) {
    this.name = name;
    this.debianPackage = debianPackage;
  }

  /**
   * Where it is.
   *
   * @throws IOException when it is missing; says which package has it
   */
  Path find() throws IOException {
    // Programs for administrators are not in everybody's PATH.
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    for (String folder : path.split(":", -1)) {
      Path file = Path.of(folder, name);
      if (Files.isExecutable(file)) {
        return file;
      }
    }
    throw new IOException(
        "The program '" + name + "' is missing. Install it: apt-get install " + debianPackage);
  }

  /**
   * Runs it to its end.
   *
   * @param input its standard input
   * @return what it says
   * @throws IOException when it fails or does not end in time; carries what it complained about
   */
  String run(String input, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(find().toString()));
    command.addAll(List.of(arguments));
    return execute(input, command);
  }

  /** The same inside a namespace. */
  void runIn(String namespace, String input, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(IP.find().toString(), "netns", "exec", namespace, find().toString()));
    command.addAll(List.of(arguments));
    execute(input, command);
  }

  private static String execute(String input, List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.PIPE)
            .start();
    String what = String.join(" ", command);
    try {
      IOException unread = feed(process, input);
      if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("'" + what + "' does not end within " + LIMIT.toSeconds() + " s");
      }
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.exitValue() != 0) {
        throw new IOException(
            "'" + what + "' failed with status " + process.exitValue() + ": " + said);
      }
      if (unread != null) {
        throw new IOException("'" + what + "' did not read what it was told: " + said, unread);
      }
      return said;
    } catch (InterruptedException e) {
      throw Interruption.passedOn("'" + what + "' was stopped", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** A program that fails early closes its input; its own complaint says more than the pipe's. */
  private static @Nullable IOException feed(Process process, String input) {
    try (var in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
      return null;
    } catch (IOException e) {
      return e;
    }
  }
}
