package dev.godwit.internet;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A network namespace that {@code ip netns} knows. Safe for several threads.
 *
 * @param name as in {@code ip netns}
 */
record Namespace(String name) {
  private static final Path FOLDER = Path.of("/run/netns");

  /** What {@code ip netns exec} puts over the files of {@code /etc}. */
  private static final Path FILES = Path.of("/etc/netns");

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofMillis(2);

  /** Makes it; fails when there is one of that name. */
  static Namespace add(String name) throws IOException {
    Tool.IP.run("", "netns", "add", name);
    Namespace namespace = new Namespace(name);
    namespace.call(
        () -> {
          // Only what the tests send shall be on the wires. The loopback interface, which is there
          // already, keeps its IPv6 address.
          set("ipv6/conf/default/disable_ipv6", 1);
          set("ipv4/conf/default/rp_filter", 0);
          set("ipv4/conf/all/rp_filter", 0);
          return name;
        });
    namespace.ip("link set lo up");
    return namespace;
  }

  /** What stands for it, and can be entered. */
  Path file() {
    return FOLDER.resolve(name);
  }

  /** Lets it pass packets on. */
  void forward() throws IOException {
    call(
        () -> {
          set("ipv4/ip_forward", 1);
          set("ipv4/conf/all/send_redirects", 0);
          set("ipv4/conf/default/send_redirects", 0);
          return name;
        });
  }

  /** Lets it pass IPv6 packets on. */
  void forwardIpv6() throws IOException {
    call(
        () -> {
          set("ipv6/conf/all/forwarding", 1);
          set("ipv6/conf/default/forwarding", 1);
          return name;
        });
  }

  /** Gives an interface IPv6, without any announcements and without waiting for duplicates. */
  void enableIpv6(String networkInterface) throws IOException {
    call(
        () -> {
          String each = "ipv6/conf/" + networkInterface;
          set(each + "/accept_dad", 0);
          set(each + "/accept_ra", 0);
          set(each + "/router_solicitations", 0);
          set(each + "/keep_addr_on_down", 1);
          set(each + "/disable_ipv6", 0);
          return name;
        });
  }

  private static void set(String key, int value) throws IOException {
    Files.writeString(Path.of("/proc/sys/net", key), Integer.toString(value));
  }

  /** The names of all namespaces that fit. */
  static List<String> names(Predicate<String> fits) throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.map(file -> file.getFileName().toString()).filter(fits).sorted().toList();
    } catch (NoSuchFileException e) {
      // Nobody has made one since the machine started.
      return List.of();
    }
  }

  /**
   * Removes some namespaces, and ends all processes in them.
   *
   * @throws IOException after everything that could be removed is removed
   */
  static void remove(List<String> names) throws IOException {
    List<IOException> failures = new ArrayList<>();
    List<FileChannel> held = new ArrayList<>();
    Set<Object> doomed = new HashSet<>();
    for (String name : names) {
      Path file = FOLDER.resolve(name);
      try {
        // As long as it is held, no other namespace gets its number.
        held.add(FileChannel.open(file, StandardOpenOption.READ));
        inode(file).ifPresent(doomed::add);
        Tool.IP.run("", "netns", "delete", name);
        Files.deleteIfExists(FILES.resolve(name).resolve("hosts"));
        Files.deleteIfExists(FILES.resolve(name));
      } catch (IOException e) {
        // Somebody else may have been faster, such as the end of this process.
        if (Files.exists(file)) {
          failures.add(e);
        }
      }
    }
    // Now that it has no name, nobody enters any more.
    if (!doomed.isEmpty()) {
      endProcesses(doomed);
    }
    for (FileChannel channel : held) {
      channel.close();
    }
    if (!failures.isEmpty()) {
      IOException failure = failures.removeFirst();
      failures.forEach(failure::addSuppressed);
      throw failure;
    }
  }

  /** A namespace without a name lives as long as a process is in it. */
  private static void endProcesses(Set<Object> doomed) {
    long self = ProcessHandle.current().pid();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      Path file = Path.of("/proc", Long.toString(process.pid()), "ns", "net");
      if (process.pid() != self && inode(file).filter(doomed::contains).isPresent()) {
        process.destroyForcibly();
      }
    }
  }

  /**
   * Which namespace a file stands for; nothing when it is gone meanwhile, or belongs to a process
   * that nobody may look at, such as the first one in some containers.
   */
  private static Optional<Object> inode(Path file) {
    try {
      return Optional.of(Files.getAttribute(file, "unix:ino"));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Commands that run in it find these names, beside {@code localhost}. */
  void names(List<String> lines) throws IOException {
    Path own = Files.createDirectories(FILES.resolve(name));
    List<String> all = new ArrayList<>(List.of("127.0.0.1 localhost", "::1 localhost"));
    all.addAll(lines);
    Files.write(own.resolve("hosts"), all);
  }

  /** Runs {@code ip -batch} in it. */
  void ip(String... lines) throws IOException {
    Tool.IP.run(String.join("\n", lines) + "\n", "-n", name, "-batch", "-");
  }

  /**
   * Waits until an Ethernet interface passes packets. That is some time after its other end was set
   * up; what is sent earlier disappears.
   */
  void awaitCarrier(String networkInterface) throws IOException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    String shown;
    do {
      shown = Tool.IP.run("", "-n", name, "-o", "link", "show", "dev", networkInterface);
      if (shown.contains(" state UP ")) {
        return;
      }
      LockSupport.parkNanos(STEP.toNanos());
    } while (System.nanoTime() < deadline);
    throw new IOException("it does not come up: " + shown);
  }

  /** Replaces the rules for packets. */
  void rules(String ruleset) throws IOException {
    Tool.NFT.runIn(name, ruleset, "-f", "-");
  }

  /**
   * Runs something in it, on a thread of its own. The sockets it opens belong to the namespace and
   * can be used by any thread afterwards.
   *
   * @throws IOException also when it takes more than a minute
   */
  <T> T call(Callable<T> work) throws IOException {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              Kernel.enter(FOLDER.resolve(name));
              return work.call();
            });
    Thread.ofPlatform().name("in-" + name).daemon().start(task);
    try {
      return task.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException("in namespace " + name + ": " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("in namespace " + name + ": not within " + LIMIT.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("in namespace " + name + ": was stopped", e);
    } finally {
      task.cancel(true);
    }
  }
}
