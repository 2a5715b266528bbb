package dev.godwit.node;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices of one resource: all that were asked for, or none. {@link #open} and {@link #close}
 * are for one thread at a time, the rest for any.
 */
final class OpenDevices implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenDevices.class);

  private final List<OpenDevice> devices = new CopyOnWriteArrayList<>();

  /** Opens one device. */
  @FunctionalInterface
  interface Opening {
    /**
     * As {@link Device#open}.
     *
     * @throws IOException as that
     */
    OpenDevice open(Device device) throws IOException;
  }

  /**
   * Opens devices, in this order.
   *
   * @throws IOException when one of them cannot be opened; those before it are closed then
   */
  void open(List<Device> wanted, Opening opening) throws IOException {
    try {
      for (Device device : wanted) {
        devices.add(opening.open(device));
      }
    } catch (IOException | RuntimeException e) {
      try {
        close();
      } catch (IOException also) {
        e.addSuppressed(also);
      }
      throw e;
    }
  }

  /** Where programs find them, in the order in which they were asked for. */
  List<String> places() {
    return devices.stream().map(OpenDevice::place).toList();
  }

  /**
   * As {@link OpenDevice#writeOut}, for each.
   *
   * @throws IOException as that
   */
  void writeOut() throws IOException {
    for (OpenDevice device : devices) {
      device.writeOut();
    }
  }

  /** As {@link OpenDevice#changed}, for each, also when it fails for one. */
  void changed(BlockRuns blocks, ChunkGeometry geometry) {
    for (OpenDevice device : devices) {
      try {
        device.changed(blocks, geometry);
      } catch (IOException e) {
        LOG.warn("{} may show what has changed since: {}", device.place(), e.getMessage());
      }
    }
  }

  /**
   * Closes all of them, the last one first, also when one of them cannot be closed. A second call
   * does nothing.
   *
   * @throws IOException when one could not be closed; it has the failures of others with it
   */
  @Override
  public void close() throws IOException {
    List<OpenDevice> closing = List.copyOf(devices).reversed();
    devices.clear();
    @Nullable IOException failed = null;
    for (OpenDevice device : closing) {
      try {
        device.close();
      } catch (IOException | RuntimeException e) {
        if (failed == null) {
          failed = new IOException(device.place() + " could not be closed: " + e.getMessage(), e);
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
