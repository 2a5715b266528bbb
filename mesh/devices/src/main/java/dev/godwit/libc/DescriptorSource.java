package dev.godwit.libc;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a program that passes one open descriptor back through a socket, as {@code unix(7)}
 * describes under SCM_RIGHTS. The JDK starts programs, but gives them nothing beyond the three
 * usual descriptors. For 64-bit Linux. Thread-safe.
 */
public final class DescriptorSource {
  /** The descriptor under which the program finds its end of the socket. */
  private static final int SOCKET_IN_CHILD = 3;

  private static final int STDERR = 2;
  private static final Duration POLL = Duration.ofMillis(2);

  /** How long a program that was killed may take to die; its thread waits for it longer. */
  private static final Duration DEATH = Duration.ofSeconds(1);

  /** Larger than {@code posix_spawn_file_actions_t} of any C library. */
  private static final int ACTIONS_BYTES = 256;

  /** {@code struct msghdr}, {@code struct cmsghdr} with one descriptor. */
  private static final int MESSAGE_BYTES = 56;

  private static final int CONTROL_BYTES = 24;
  private static final int CONTROL_LENGTH = 20;

  /** SOL_SOCKET and SCM_RIGHTS. */
  private static final int RIGHTS_LEVEL = 1;

  private static final int RIGHTS_TYPE = 1;

  private final SystemCalls calls;
  private final LibC libc;

  /** Runs programs through {@code calls}. */
  public DescriptorSource(SystemCalls calls) {
    this.calls = calls;
    this.libc = calls.libc();
  }

  /**
   * Runs a program until it ends.
   *
   * @param command the program, looked for in PATH, and its arguments
   * @param variable of the program's environment, names the number of its end of the socket
   * @param limit after which the program is killed
   * @return the descriptor, which is the caller's to close
   * @throws SystemCallException when the program cannot be started
   * @throws IOException when it failed, with what it said, or took too long
   */
  public int run(List<String> command, String variable, Duration limit) throws IOException {
    int[] pair = new int[2];
    if (libc.socketpair(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0, pair) < 0) {
      throw calls.failure("socketpair");
    }
    Path said = Files.createTempFile("godwit", ".err");
    try {
      int pid;
      try {
        pid = spawn(command, variable, pair[1], said);
      } finally {
        var _ = libc.close(pair[1]);
      }
      int status = await(pid, command.getFirst(), limit);
      if (status != 0) {
        String text = Files.readString(said, Charset.defaultCharset()).strip();
        throw new IOException(text.isEmpty() ? command.getFirst() + " failed" : text);
      }
      return receive(pair[0], command.getFirst());
    } finally {
      var _ = libc.close(pair[0]);
      Files.deleteIfExists(said);
    }
  }

  private int spawn(List<String> command, String variable, int socket, Path said)
      throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      long actions = arena.allocate(ACTIONS_BYTES, 16).address();
      check("posix_spawn", libc.posix_spawn_file_actions_init(actions));
      try {
        check(
            "posix_spawn", libc.posix_spawn_file_actions_adddup2(actions, socket, SOCKET_IN_CHILD));
        check(
            "posix_spawn",
            libc.posix_spawn_file_actions_addopen(
                actions, STDERR, said.toString(), LibC.O_RDWR, 0));
        int[] pid = new int[1];
        check(
            command.getFirst(),
            libc.posix_spawnp(
                pid,
                command.getFirst(),
                actions,
                0,
                strings(arena, command),
                strings(arena, environment(variable))));
        return pid[0];
      } finally {
        var _ = libc.posix_spawn_file_actions_destroy(actions);
      }
    }
  }

  private void check(String what, int error) throws SystemCallException {
    if (error != 0) {
      throw calls.failure(what, error);
    }
  }

  private static List<String> environment(String variable) {
    Map<String, String> all = new HashMap<>(System.getenv());
    all.put("LC_ALL", "C");
    all.put(variable, Integer.toString(SOCKET_IN_CHILD));
    return all.entrySet().stream().map(one -> one.getKey() + "=" + one.getValue()).toList();
  }

  /** An array of C strings that ends with a null pointer. */
  private static long strings(Arena arena, List<String> texts) {
    MemorySegment array = arena.allocate(ValueLayout.ADDRESS, texts.size() + 1L);
    for (int i = 0; i < texts.size(); i++) {
      MemorySegment text = arena.allocateFrom(texts.get(i), Charset.defaultCharset());
      array.setAtIndex(ValueLayout.ADDRESS, i, text);
    }
    return array.address();
  }

  private int await(int pid, String program, Duration limit) throws IOException {
    int[] status = new int[1];
    try {
      if (Deadline.in(limit).await(POLL, () -> hasEnded(pid, program, status))) {
        return status[0];
      }
    } catch (InterruptedIOException e) {
      kill(pid, program, e);
      throw e;
    }
    var late = new IOException(program + " did not end within " + limit.toMillis() + " ms");
    kill(pid, program, late);
    throw late;
  }

  private boolean hasEnded(int pid, String program, int[] status) throws SystemCallException {
    int ended = libc.waitpid(pid, status, LibC.WNOHANG);
    if (ended < 0 && calls.lastError() != LibC.EINTR) {
      throw calls.failure("waiting for " + program);
    }
    return ended == pid;
  }

  /** A program that is in a call of the kernel may take its time to die. */
  private void kill(int pid, String program, IOException reason) {
    var _ = libc.kill(pid, LibC.SIGKILL);
    try {
      int _ =
          BoundedCall.run("the end of " + program, DEATH, () -> libc.waitpid(pid, new int[1], 0));
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  private int receive(int socket, String program) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(1);
      MemorySegment vector = arena.allocate(16, 8);
      vector.set(ValueLayout.JAVA_LONG, 0, data.address());
      vector.set(ValueLayout.JAVA_LONG, 8, 1);
      MemorySegment control = arena.allocate(CONTROL_BYTES, 8);
      MemorySegment message = arena.allocate(MESSAGE_BYTES, 8);
      message.set(ValueLayout.JAVA_LONG, 16, vector.address());
      message.set(ValueLayout.JAVA_LONG, 24, 1);
      message.set(ValueLayout.JAVA_LONG, 32, control.address());
      message.set(ValueLayout.JAVA_LONG, 40, CONTROL_BYTES);
      int flags = LibC.MSG_DONTWAIT | LibC.MSG_CMSG_CLOEXEC;
      if (libc.recvmsg(socket, message.address(), flags) < 0) {
        throw calls.failure(program + " passed no descriptor");
      }
      boolean passed =
          message.get(ValueLayout.JAVA_LONG, 40) >= CONTROL_LENGTH
              && control.get(ValueLayout.JAVA_LONG, 0) == CONTROL_LENGTH
              && control.get(ValueLayout.JAVA_INT, 8) == RIGHTS_LEVEL
              && control.get(ValueLayout.JAVA_INT, 12) == RIGHTS_TYPE;
      if (!passed) {
        throw new IOException(program + " passed no descriptor");
      }
      return control.get(ValueLayout.JAVA_INT, 16);
    }
  }
}
