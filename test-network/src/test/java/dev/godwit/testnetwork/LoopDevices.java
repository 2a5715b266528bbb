package dev.godwit.testnetwork;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The block devices whose bytes are in files of a world. As long as there are any, mounts stay;
 * once the file below is unmounted, a device does not say any more what it is made of. For one
 * thread.
 */
public final class LoopDevices implements AutoCloseable {
  private final World world;

  private LoopDevices(World world) {
    this.world = world;
  }

  /** Those of a world, at any time. */
  public static LoopDevices of(World world) {
    return new LoopDevices(world);
  }

  /**
   * Takes away those that are there, also if their contents are swap space.
   *
   * @return how many these were
   */
  public int release() throws IOException, InterruptedException {
    List<String> found = now();
    for (String device : found) {
      release(device);
    }
    return found.size();
  }

  /** Those that are there, {@code /dev/loopN}. */
  public List<String> now() throws IOException {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(Path.of("/sys/block"), "loop*")) {
      for (Path one : devices) {
        if (isOurs(one)) {
          found.add("/dev/" + one.getFileName());
        }
      }
    }
    return found;
  }

  private boolean isOurs(Path device) throws IOException {
    try {
      return Files.readString(device.resolve("loop/backing_file")).startsWith(world.path("") + "/");
    } catch (NoSuchFileException e) {
      // It has no file, or lost it just now.
      return false;
    }
  }

  private void release(String device) throws IOException, InterruptedException {
    for (String line : Files.readAllLines(Path.of("/proc/swaps"))) {
      if (line.startsWith(device + " ") || line.startsWith(device + "\t")) {
        var _ = world.programs().run("timeout", "30", "swapoff", device).succeeded();
      }
    }
    Outcome detached = world.programs().run("timeout", "30", "losetup", "--detach", device);
    if (detached.status() != 0) {
      throw new IOException(device + " cannot be taken away: " + detached);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      int _ = release();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while devices were taken away", e);
    }
  }
}
