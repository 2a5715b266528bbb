package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import java.io.Closeable;
import java.io.IOException;

/**
 * A way for a local program to touch a resource, as users name it: {@code nbd:unix:PATH} or {@code
 * nbd:HOST:PORT}.
 *
 * @param address where an NBD server listens
 */
public record Device(NbdAddress address) {

  /**
   * Reads a {@code DEV}.
   *
   * @throws NodeException when it is none
   */
  public static Device parse(String text) throws NodeException {
    if (text.startsWith("block") || text.startsWith("file:")) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "Device '"
              + text
              + "' is not available in this version; use nbd:unix:PATH or"
              + " nbd:HOST:PORT.");
    }
    try {
      return new Device(NbdAddress.parse(text));
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "Device '" + text + "' is not understood: " + e.getMessage(),
          e);
    }
  }

  /**
   * Opens the device.
   *
   * @throws IOException when its socket is in use or cannot be made
   */
  Closeable open(String resource, Backend backend) throws IOException {
    return NbdListener.open(address, new NbdServer(ExportTable.of(Export.of(resource, backend))));
  }
}
