package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.fuse.FuseFile;
import dev.godwit.fuse.FuseSettings;
import dev.godwit.fuse.LoopDevice;
import dev.godwit.fuse.MountInUseException;
import dev.godwit.fuse.Unmount;
import dev.godwit.identity.PrivateFile;
import dev.godwit.libc.BlockDevice;
import dev.godwit.libc.DeviceInUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A resource as {@code /dev/loopN} over a file that the kernel serves by asking this process, for
 * kernels that have no network block devices.
 */
final class LoopDisk implements OpenDevice {
  private static final Logger LOG = LoggerFactory.getLogger(LoopDisk.class);
  private static final Duration ORDERLY = Duration.ofSeconds(3);
  private static final Duration FORCED = Duration.ofSeconds(4);
  private static final Duration LOOK = Duration.ofMillis(200);

  private final FuseFile file;
  private final LoopDevice device;
  private final CompletableFuture<Boolean> gone = new CompletableFuture<>();
  private final Thread watching;

  private LoopDisk(FuseFile file, LoopDevice device) {
    this.file = file;
    this.device = device;
    this.watching = Thread.ofVirtual().name("disk-watch").start(this::watch);
  }

  /**
   * Makes the disk.
   *
   * @param folder where the file below it is made
   * @throws IOException when that is not possible; the message says what to do
   */
  static LoopDisk open(String resource, Backend backend, FuseSettings.Access access, Path folder)
      throws IOException {
    Path below = Files.createTempFile(PrivateFile.closedDirectory(folder), resource + "+", ".disk");
    try {
      FuseFile file =
          FuseFile.mount(
              new UnwrittenBackend(backend),
              below,
              switch (access) {
                case READ_ONLY -> FuseSettings.DEFAULT.readOnly();
                case READ_WRITE -> FuseSettings.DEFAULT;
              });
      try {
        return new LoopDisk(file, LoopDevice.attach(file.path(), access));
      } catch (IOException | RuntimeException e) {
        file.close(FORCED, Unmount.FORCED);
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      boolean _ = Files.deleteIfExists(below);
      throw e;
    }
  }

  private void watch() {
    try {
      while (device.isAttached()) {
        Thread.sleep(LOOK);
      }
      gone.complete(true);
    } catch (InterruptedException e) {
      LOG.trace("{} is not watched any more", device.path(), e);
    } catch (IOException e) {
      LOG.warn("{} is not watched any more", device.path(), e);
    }
  }

  @Override
  public String place() {
    return device.path().toString();
  }

  @Override
  public CompletableFuture<Boolean> gone() {
    return gone;
  }

  @Override
  public void writeOut() throws IOException {
    new BlockDevice(device.path()).writeOut(Device.WRITE_OUT);
  }

  /** The file below is read past what the kernel keeps of it. */
  @Override
  public void changed(BlockRuns blocks, ChunkGeometry geometry) throws IOException {
    new BlockDevice(device.path()).forget(Device.WRITE_OUT);
  }

  /** Waits a little for programs that use it; then they get errors. */
  @Override
  public void close() throws IOException {
    watching.interrupt();
    try {
      if (device.isAttached() && !new BlockDevice(device.path()).awaitUnclaimed(ORDERLY)) {
        LOG.warn("{} is in use; its accesses fail from now on", device.path());
      }
      device.close(ORDERLY);
      file.close(ORDERLY, Unmount.ORDERLY);
    } catch (DeviceInUseException | MountInUseException e) {
      LOG.warn("{}", e.getMessage());
      file.close(FORCED, Unmount.FORCED);
    } finally {
      boolean _ = Files.deleteIfExists(file.path());
    }
  }
}
