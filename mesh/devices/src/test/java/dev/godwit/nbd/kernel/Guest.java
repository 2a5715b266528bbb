package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import jnr.ffi.LibraryLoader;

/**
 * A second Linux with a real NBD client: a kernel that runs as a program (User Mode Linux) on this
 * machine's files, in a network of its own where it reaches only us. When its first process ends it
 * is gone, and the network with it.
 */
final class Guest implements AutoCloseable {
  /** Our address in the guest's network. */
  static final String HOST = "10.99.0.1";

  private static final int SECONDS = 90;
  private static final int CLONE_NEWNET = 0x40000000;
  private static final String MARK = ">> ";

  private static final String NEEDS =
      "this test needs it: apt-get install --no-install-recommends"
          + " user-mode-linux nbd-client busybox iproute2 util-linux e2fsprogs";

  /** setns(2). */
  public interface Namespaces {
    int setns(int fd, int type);
  }

  private final Process process;
  private final BufferedReader out;
  private final List<String> said = new ArrayList<>();
  private boolean running;

  private Guest(Process process) {
    this.process = process;
    this.out = process.inputReader();
  }

  /**
   * Makes the network; the guest itself is still off.
   *
   * @param directory where the guest's files are
   * @param variables for the guest's first process
   */
  static Guest prepare(Path directory, String script, Map<String, String> variables)
      throws IOException {
    List<String> needed =
        List.of("linux.uml", "nbd-client", "busybox", "ip", "unshare", "mkfs.ext4", "mkswap");
    for (String program : needed) {
      if (!isInstalled(program)) {
        fail(program + " is missing, " + NEEDS);
      }
    }
    Path init = directory.resolve("init.sh");
    try (InputStream source = Objects.requireNonNull(Guest.class.getResourceAsStream(script))) {
      long _ = Files.copy(source, init);
    }
    if (!init.toFile().setExecutable(true)) {
      fail("cannot make " + init + " executable");
    }
    var passed = new StringBuilder();
    variables.forEach((name, value) -> passed.append(' ').append(name).append('=').append(value));
    // Little room on our side, so that a server that reads nothing is noticed at once. Standard
    // input is for us until the kernel starts, which would stop at its end.
    String outside =
        """
        set -e
        ip link set lo up
        ip tuntap add tap0 mode tap
        ip addr add %s/24 dev tap0
        ip link set tap0 up
        echo 4096 65536 262144 >/proc/sys/net/ipv4/tcp_rmem
        echo ready
        read -r _
        exec timeout -k 2 %d linux.uml mem=512M root=/dev/root rootfstype=hostfs rootflags=/ rw \
          init=%s uml_dir=%s con=null con0=fd:0,fd:1 quiet \
          vec0:transport=tap,ifname=tap0,depth=128,gro=1%s </dev/zero 2>&1
        """
            .formatted(HOST, SECONDS, init, directory, passed);
    ProcessBuilder builder =
        new ProcessBuilder("unshare", "--net", "sh", "-c", outside)
            .directory(directory.toFile())
            .redirectErrorStream(true);
    builder.environment().merge("PATH", "", (path, _) -> path + ":/usr/sbin:/sbin");
    var guest = new Guest(builder.start());
    try {
      assertEquals("ready", guest.line(), "the guest's network");
      return guest;
    } catch (IOException | RuntimeException | Error e) {
      guest.close();
      throw e;
    }
  }

  private static boolean isInstalled(String program) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin";
    for (String folder : path.split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  /** Does something on a thread that sees the guest's network, for example opens a socket. */
  <T> T inNetwork(Callable<T> action) throws IOException {
    var task =
        new FutureTask<T>(
            () -> {
              enterNetwork();
              return action.call();
            });
    // The thread ends with its task, so nothing else happens to run in that network.
    var _ = Thread.ofPlatform().daemon().start(task);
    return get(task);
  }

  private void enterNetwork() throws IOException {
    var calls = new SystemCalls(LibC.load());
    Path namespace = Path.of("/proc", Long.toString(process.pid()), "ns/net");
    int fd = calls.libc().open(namespace.toString(), LibC.O_RDONLY | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw calls.failure(namespace.toString());
    }
    try {
      Namespaces namespaces = LibraryLoader.create(Namespaces.class).load("c");
      if (namespaces.setns(fd, CLONE_NEWNET) < 0) {
        throw new IOException("this test needs root: setns failed");
      }
    } finally {
      var _ = calls.libc().close(fd);
    }
  }

  private <T> T get(FutureTask<T> task) throws IOException {
    try {
      return task.get(SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (TimeoutException e) {
      return fail("nothing came; the guest said:\n" + String.join("\n", said), e);
    }
  }

  private String line() throws IOException {
    var task = new FutureTask<String>(() -> String.valueOf(out.readLine()));
    var _ = Thread.ofPlatform().daemon().start(task);
    String line = get(task);
    said.add(line);
    return line;
  }

  /** Switches the guest on. */
  void start() throws IOException {
    running = true;
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }

  /**
   * The next line that the guest's programs want us to see; what its kernel says is left out.
   *
   * @return null when the guest is off
   */
  String next() throws IOException {
    while (true) {
      String line = line();
      if (line.startsWith(MARK)) {
        return line.substring(MARK.length());
      }
      if (line.equals("null")) {
        return fail("the guest has ended too early; it said:\n" + everything());
      }
    }
  }

  /** All lines up to the last one, "off". */
  List<String> rest() throws IOException {
    List<String> rest = new ArrayList<>();
    String line = next();
    while (!line.equals("off")) {
      rest.add(line);
      line = next();
    }
    return rest;
  }

  /** Everything that it has said, its kernel included. */
  String everything() {
    return String.join("\n", said);
  }

  /** Ends it the hard way if it has not ended. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    var _ = process.destroyForcibly();
    try {
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS) && running) {
        fail("the guest does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
