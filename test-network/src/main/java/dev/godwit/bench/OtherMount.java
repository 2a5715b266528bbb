package dev.godwit.bench;

import dev.godwit.internet.Host;
import dev.godwit.testnetwork.Programs;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A file of another host, mounted with what people use for that today. */
final class OtherMount implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;
  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final String FILE = "state";

  private final Programs programs;
  private final Path point;
  private final Path file;
  private final List<Process> processes = new ArrayList<>();

  /** What people use. */
  enum Kind {
    /** Over SSH. */
    SSHFS("sshfs"),
    /** The server of QEMU, and libnbd's client. */
    QEMU_NBD("qemu-nbd and nbdfuse"),
    /** Over HTTP. */
    RCLONE("rclone over HTTP");

    private final String sentence;

    Kind(String sentence) {
      this.sentence = sentence;
    }

    String sentence() {
      return sentence;
    }
  }

  private OtherMount(Programs programs, Path point, Path file) {
    this.programs = programs;
    this.point = point;
    this.file = file;
  }

  /**
   * Mounts {@code state} of a folder.
   *
   * @param near where the folder is
   * @param far where it is mounted
   * @param work an empty folder
   */
  static OtherMount start(Programs programs, Kind kind, Host near, Host far, Path folder, Path work)
      throws IOException, InterruptedException {
    Path point = work.resolve("point");
    OtherMount mount =
        new OtherMount(programs, point, kind == Kind.QEMU_NBD ? point : point.resolve(FILE));
    String address = near.address().getHostAddress();
    try {
      if (kind == Kind.QEMU_NBD) {
        Files.createFile(point);
      } else {
        Files.createDirectory(point);
      }
      switch (kind) {
        case SSHFS -> mount.sshfs(near, far, folder, work, address);
        case QEMU_NBD -> mount.nbd(near, far, folder, address);
        case RCLONE -> mount.rclone(near, far, folder, address);
      }
      mount.awaitMounted();
      return mount;
    } catch (IOException | InterruptedException | RuntimeException e) {
      mount.close();
      throw e;
    }
  }

  private void run(Host host, String... command) throws IOException {
    Process process =
        programs
            .builder(host.commandAmongMounts(List.of(command)).command())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    processes.add(process);
  }

  private void sshfs(Host near, Host far, Path folder, Path work, String address)
      throws IOException, InterruptedException {
    Path hostKey = work.resolve("host");
    Path userKey = work.resolve("user");
    for (Path key : List.of(hostKey, userKey)) {
      var _ =
          programs
              .run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.toString())
              .succeeded();
    }
    Path config = work.resolve("sshd_config");
    Files.writeString(
        config,
        """
        Port 2222
        HostKey %s
        AuthorizedKeysFile %s
        PermitRootLogin yes
        StrictModes no
        UsePAM no
        PidFile none
        Subsystem sftp internal-sftp
        """
            .formatted(hostKey, work.resolve("user.pub")));
    Files.createDirectories(Path.of("/run/sshd"));
    run(near, "/usr/sbin/sshd", "-D", "-f", config.toString());
    awaitPort(far, address, 2222);
    run(
        far,
        "sshfs",
        "-f",
        "-p",
        "2222",
        "-o",
        "IdentityFile=" + userKey + ",StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null",
        "root@" + address + ":" + folder,
        point.toString());
  }

  private void nbd(Host near, Host far, Path folder, String address)
      throws IOException, InterruptedException {
    run(
        near,
        "qemu-nbd",
        "--read-only",
        "--format=raw",
        "--persistent",
        "--shared=4",
        "--bind=" + address,
        "--port=10809",
        folder.resolve(FILE).toString());
    awaitPort(far, address, 10809);
    run(far, "nbdfuse", "--readonly", point.toString(), "nbd://" + address + ":10809/");
  }

  private void rclone(Host near, Host far, Path folder, String address)
      throws IOException, InterruptedException {
    run(near, "rclone", "serve", "http", "--addr", address + ":8080", folder.toString());
    awaitPort(far, address, 8080);
    run(
        far,
        "rclone",
        "mount",
        "--http-url",
        "http://" + address + ":8080",
        "--read-only",
        ":http:",
        point.toString());
  }

  private void awaitPort(Host far, String address, int port) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    boolean there = false;
    while (!there) {
      there =
          far.call(
              () -> {
                try (var socket = new Socket()) {
                  socket.connect(new InetSocketAddress(address, port), 2_000);
                  return true;
                } catch (ConnectException | SocketTimeoutException e) {
                  return false;
                }
              });
      boolean over = System.nanoTime() > deadline || !processes.getLast().isAlive();
      if (!there && over) {
        throw new IOException("nothing listens at " + address + ":" + port);
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  private void awaitMounted() throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(file) || Files.size(file) == 0) {
      if (System.nanoTime() > deadline || !processes.getLast().isAlive()) {
        throw new IOException("it is not mounted at " + point);
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  Path file() {
    return file;
  }

  @Override
  public void close() throws IOException {
    try {
      var _ = programs.run("umount", "--lazy", "--quiet", point.toString());
      for (Process process : processes.reversed()) {
        process.destroy();
        boolean _ = process.waitFor(5, TimeUnit.SECONDS);
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while it was unmounted", e);
    }
  }
}
