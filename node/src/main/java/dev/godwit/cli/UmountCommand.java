package dev.godwit.cli;

import dev.godwit.fuse.FuseFile;
import dev.godwit.fuse.MountInUseException;
import dev.godwit.libc.BlockDevice;
import dev.godwit.mount.CacheJournal;
import dev.godwit.node.DevicePlace;
import dev.godwit.node.NodeException;
import dev.godwit.node.RunningProcesses;
import dev.godwit.node.StateFolder;
import dev.godwit.node.StatusSocket;
import dev.godwit.node.proto.ProcessStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "umount",
    mixinStandardHelpOptions = true,
    description = {
      "End a mount, and wait until everything is saved.",
      "Nothing happens while programs use it."
    })
final class UmountCommand extends Verb {
  private static final Logger LOG = LoggerFactory.getLogger(UmountCommand.class);

  /** The process has a little to do beside saving. */
  private static final Duration MORE = Duration.ofSeconds(20);

  /** Ends a sentence on unsaved bytes of a mount that its owner takes nothing from any more. */
  static final String ONLY_BEFORE =
      ", which fits only what the owner had before: to mount it anew, give another --cache, or"
          + " delete that one.";

  private static final Duration LOOK = Duration.ofSeconds(2);
  private static final long POLL_MILLIS = 500;

  @Parameters(
      paramLabel = "PATH|DEV",
      description = "Where the mount is, as 'godwit mount' says or was told.")
  private String at = "";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How long to wait (default: ${DEFAULT-VALUE}).")
  private Duration timeout = Duration.ofSeconds(60);

  @Override
  ExitStatus run(Output output) throws Exception {
    String place = DevicePlace.of(at);
    RunningProcesses processes = StatusSocket.ask(common().nodeHome());
    Optional<ProcessStatus> found =
        processes.answered().stream()
            .filter(process -> process.getRole().equals("mount") && process.getAt().equals(place))
            .findFirst();
    if (found.isEmpty()) {
      return clear(output, place, processes.silent());
    }
    ProcessStatus mount = found.get();
    output.waiting("waiting until " + mount.getResource() + " is saved, and nobody uses it");
    ProcessHandle process =
        ProcessHandle.of(mount.getPid())
            .orElseThrow(
                () ->
                    new NodeException(
                        NodeException.Kind.FAILED, "The mount at " + at + " has just ended."));
    if (!isEnding(mount)) {
      end(mount, place, process);
    }
    checkSaved(await(process, mount));
    output.line(output.terminal().tick() + " " + mount.getResource() + " is saved and unmounted.");
    output.event(Json.event("result").put("ok", true).put("unsavedBytes", 0));
    return ExitStatus.DONE;
  }

  /** Whether somebody has ended it already: then only its end is left to wait for. */
  private static boolean isEnding(ProcessStatus mount) {
    return mount.getState().equals(MountCommand.SAVING);
  }

  private void end(ProcessStatus mount, String place, ProcessHandle process)
      throws IOException, InterruptedException {
    if (mount.getState().equals(MountCommand.PULLING)) {
      // No program can use it yet.
      boolean _ = process.destroy();
    } else if (isDisk(place)) {
      awaitUnused(place);
      boolean _ = process.destroy();
    } else if (isFile(place)) {
      unmount(Path.of(place), process);
    } else {
      boolean _ = process.destroy();
    }
  }

  /** The kernel says whether somebody uses it; the process notices and does the rest. */
  private void unmount(Path file, ProcessHandle process) throws IOException, InterruptedException {
    try {
      FuseFile.unmount(file, timeout);
    } catch (MountInUseException e) {
      throw e;
    } catch (IOException e) {
      // Another one may just have unmounted it, and its process not have noticed yet.
      if (!endsSoon(process)) {
        throw e;
      }
      LOG.debug("{} was unmounted by another process", file, e);
    }
  }

  private boolean endsSoon(ProcessHandle process) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LOOK.toNanos();
    while (!hasEnded(process)) {
      if (StatusSocket.ask(common().nodeHome(), process.pid())
          .filter(UmountCommand::isEnding)
          .isPresent()) {
        return true;
      }
      if (System.nanoTime() > deadline) {
        return false;
      }
    }
    return true;
  }

  private static boolean isDisk(String place) throws IOException {
    return place.startsWith("/dev/")
        && Files.readAttributes(Path.of(place), BasicFileAttributes.class).isOther();
  }

  private void awaitUnused(String place) throws IOException {
    if (!new BlockDevice(Path.of(place)).awaitUnclaimed(timeout)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          place
              + " is in use. Unmount what is on it, or swapoff, and run 'godwit umount "
              + PastedWord.of(place)
              + "' again.");
    }
  }

  private static boolean isFile(String place) {
    return !place.startsWith("nbd:");
  }

  /** Nobody who answers serves a mount there; but perhaps somebody did. */
  private ExitStatus clear(Output output, String place, List<Long> silent) throws IOException {
    if (!isFile(place) || !wasDead(Path.of(place))) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "No mount of this node is at "
              + at
              + ". 'godwit mount --list' shows them."
              + SilentProcesses.remark(silent));
    }
    output.line(
        output.terminal().tick()
            + " "
            + place
            + " is unmounted; its process had been killed. What programs had flushed is safe: the"
            + " same 'godwit mount' as before saves what is not at the owner yet.");
    output.event(Json.event("result").put("ok", true).put("state", "dead"));
    return ExitStatus.DONE;
  }

  /** Whether a dead mount was there, which is away now. Below no folder there is none. */
  private static boolean wasDead(Path file) throws IOException {
    @Nullable Path folder = file.getParent();
    return folder != null && Files.isDirectory(folder) && FuseFile.clearDead(file, LOOK);
  }

  /** Waits for the end of a mount's process, and returns what it has said of itself last. */
  private ProcessStatus await(ProcessHandle process, ProcessStatus mount)
      throws IOException, InterruptedException {
    ProcessStatus last = mount;
    long deadline = System.nanoTime() + timeout.plus(MORE).toNanos();
    while (!hasEnded(process)) {
      last = StatusSocket.ask(common().nodeHome(), process.pid()).orElse(last);
      if (System.nanoTime() > deadline) {
        throw new NodeException(
            NodeException.Kind.NOT_SAVED,
            "The mount at "
                + at
                + " is still saving (process "
                + process.pid()
                + "); 'godwit mount --list' shows how far it is.");
      }
    }
    return last;
  }

  /** Waits a moment. A zombie has ended, though whoever started it does not look. */
  private static boolean hasEnded(ProcessHandle process) throws InterruptedException {
    try {
      ProcessHandle _ = process.onExit().get(POLL_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return !process.isAlive() || isZombie(process.pid());
    }
  }

  private static boolean isZombie(long pid) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
      // proc_pid_stat(5): the state follows the name, which is in brackets.
      return stat.startsWith(" Z", stat.lastIndexOf(')') + 1);
    } catch (IOException e) {
      // It has ended altogether.
      return true;
    }
  }

  /**
   * Passes when the process has left nothing unsaved in its cache.
   *
   * @param mount what it has said of itself last
   * @throws NodeException when it has, or nobody knows
   * @throws IOException when the cache's journal cannot be read
   */
  static void checkSaved(ProcessStatus mount) throws IOException {
    String resource = mount.getResource();
    String cache = mount.getCache();
    if (cache.isEmpty() || !StateFolder.remembers(Path.of(cache), StateFolder.Part.CACHE)) {
      return;
    }
    try (StateFolder folder = StateFolder.open(Path.of(cache));
        CacheJournal journal = new CacheJournal(folder.log(StateFolder.Part.CACHE))) {
      CacheJournal.@Nullable Origin origin = journal.origin();
      if (origin == null || journal.isEnded()) {
        return;
      }
      long unsaved = (long) journal.unsaved().count() * origin.geometry().blockSize();
      throw new NodeException(
          NodeException.Kind.NOT_SAVED,
          unsaved == 0
              ? resource
                  + " is unmounted, but not known to be saved: the mount did not end in order. What"
                  + " programs have flushed is saved; what they wrote after that may be lost."
              : Units.bytes(unsaved)
                  + " of "
                  + resource
                  + " could not be saved. They are in "
                  + cache
                  + (mount.getState().equals(MountCommand.LOST)
                      ? ONLY_BEFORE
                      : "; 'godwit mount' with the same arguments saves them when the owner is"
                          + " back."));
    }
  }
}
