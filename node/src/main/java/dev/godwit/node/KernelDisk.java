package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.libc.BlockDevice;
import dev.godwit.nbd.BlockSizes;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import dev.godwit.nbd.kernel.KernelNbd;
import dev.godwit.nbd.kernel.KernelNbdSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A resource as {@code /dev/nbdN}: the kernel asks this process through a socket that only we know.
 */
final class KernelDisk implements OpenDevice {
  /** Accesses have a limit of their own; the kernel shall not set one before that. */
  private static final KernelNbdSettings SETTINGS =
      KernelNbdSettings.DEFAULT.withWaits(Duration.ofHours(24), Duration.ofSeconds(10));

  private final KernelNbd device;
  private final NbdListener listener;
  private final Path folder;

  private KernelDisk(KernelNbd device, NbdListener listener, Path folder) {
    this.device = device;
    this.listener = listener;
    this.folder = folder;
  }

  /**
   * Makes the disk.
   *
   * @param wanted {@code /dev/nbdN}; without one the first that is free is taken
   * @throws IOException when that is not possible; the message says what to do
   */
  static KernelDisk open(
      String resource, Backend backend, Export.Access access, Optional<Path> wanted)
      throws IOException {
    // Paths of sockets are short, those of a node's folder need not be; only we may enter this one.
    Path folder = Files.createTempDirectory("godwit-nbd");
    Path socket = folder.resolve("socket");
    try {
      var export = new Export(resource, "", backend, access, BlockSizes.DEFAULT);
      NbdListener listener =
          NbdListener.open(new NbdAddress.Unix(socket, ""), new NbdServer(ExportTable.of(export)));
      try {
        NbdAddress address = new NbdAddress.Unix(socket, resource);
        KernelNbd device =
            wanted.isPresent()
                ? KernelNbd.attach(address, wanted.get(), SETTINGS)
                : KernelNbd.attach(address, SETTINGS);
        return new KernelDisk(device, listener, folder);
      } catch (IOException | RuntimeException e) {
        listener.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      boolean _ = Files.deleteIfExists(folder);
      throw e;
    }
  }

  @Override
  public String place() {
    return device.path().toString();
  }

  @Override
  public CompletableFuture<Boolean> gone() {
    return device.gone();
  }

  @Override
  public void writeOut() throws IOException {
    new BlockDevice(device.path()).writeOut(Device.WRITE_OUT);
  }

  @Override
  public void changed(BlockRuns blocks, ChunkGeometry geometry) throws IOException {
    new BlockDevice(device.path()).forget(Device.WRITE_OUT);
  }

  /** Waits a little for programs that use it; then they get errors. */
  @Override
  public void close() throws IOException {
    try (listener) {
      device.close();
    } finally {
      boolean _ = Files.deleteIfExists(folder);
    }
  }
}
