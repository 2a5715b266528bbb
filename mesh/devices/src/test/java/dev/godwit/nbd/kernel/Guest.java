package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.testing.Patience;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A second machine with a Linux of its own and its NBD client, emulated in software, so that it
 * starts wherever the tests do. It reaches this machine's loopback at {@link #HOST}. When its first
 * process ends, or its kernel, it is gone.
 */
final class Guest implements AutoCloseable {
  /** Our loopback, seen from the guest. */
  static final String HOST = "10.0.2.2";

  /** From one line to the next; starting a Java program is the longest step. */
  private static final long LINE_SECONDS = Patience.seconds(240).toSeconds();

  /** From the start to the end. */
  private static final long SECONDS = Patience.seconds(1100).toSeconds();

  private static final String MEMORY_MIB = "512";
  private static final String MARK = ">> ";
  private static final int LAST_LINES = 60;

  private final Process process;
  private final BufferedReader out;
  private final List<String> said = new ArrayList<>();

  private Guest(Process process) {
    this.process = process;
    this.out = process.inputReader();
  }

  /**
   * Switches it on.
   *
   * @param kernel what it starts
   * @param disks what it can read; it starts from the first
   */
  static Guest start(GuestKernel kernel, List<Path> disks) throws IOException {
    GuestMachine machine = GuestMachine.here();
    List<String> command =
        new ArrayList<>(
            // It ends in time even when nobody is left who would close it.
            List.of("timeout", "-k", "2", Long.toString(SECONDS)));
    command.add(machine.emulator().path().toString());
    command.addAll(machine.arguments());
    command.addAll(List.of("-accel", "tcg", "-m", MEMORY_MIB));
    command.addAll(List.of("-nodefaults", "-no-user-config", "-no-reboot"));
    command.addAll(List.of("-display", "none", "-serial", "stdio"));
    command.addAll(List.of("-kernel", kernel.image().toString(), "-append", options(machine)));
    command.addAll(
        List.of("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="));
    command.addAll(List.of("-device", "nvme,serial=disks"));
    for (int i = 0; i < disks.size(); i++) {
      command.add("-drive");
      command.add("if=none,readonly=on,format=raw,id=disk%d,file=%s".formatted(i, disks.get(i)));
      command.add("-device");
      command.add("nvme-ns,drive=disk%d,nsid=%d".formatted(i, i + 1));
    }
    return new Guest(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Only the end of the kernel is worth a line among those of the programs. */
  private static String options(GuestMachine machine) {
    return "console="
        + machine.console()
        + " loglevel=1 panic=-1 mitigations=off root=/dev/nvme0n1 rootwait ro init=/init";
  }

  private String line() throws IOException {
    var task = new FutureTask<String>(() -> String.valueOf(out.readLine()));
    var _ = Thread.ofPlatform().daemon().start(task);
    try {
      String line = task.get(LINE_SECONDS, TimeUnit.SECONDS);
      said.add(line);
      return line;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted; the guest said:\n" + everything(), e);
    } catch (ExecutionException e) {
      throw new IOException("the guest said:\n" + everything(), e.getCause());
    } catch (TimeoutException e) {
      return fail("no line for " + LINE_SECONDS + " s; the guest said:\n" + everything(), e);
    }
  }

  /**
   * The next line that the guest's programs want us to see; what its kernel says is left out. Fails
   * when there is none before the guest ends.
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

  /** The last lines that it has said, its kernel's included. */
  String everything() {
    return String.join("\n", said.subList(Math.max(0, said.size() - LAST_LINES), said.size()));
  }

  /** Ends it the hard way if it has not ended. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    var _ = process.destroyForcibly();
    try {
      if (!process.waitFor(LINE_SECONDS, TimeUnit.SECONDS)) {
        fail("the guest does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
