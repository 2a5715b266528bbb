package dev.godwit.node;

import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where programs find a device: what its name and its place have in common. */
public final class DevicePlace {
  private static final Logger LOG = LoggerFactory.getLogger(DevicePlace.class);

  private DevicePlace() {}

  /**
   * Where programs find a device that is named like this, or whose place this is; a path without
   * anything before it is that of a file. Where the system chooses a part of it, the text stays.
   *
   * @throws NodeException when it is neither
   */
  public static String of(String text) throws NodeException {
    if (!text.startsWith("file:") && !text.startsWith("block:") && !text.startsWith("nbd")) {
      return resolved(Path.of(text)).toString();
    }
    return of(Device.parse(text));
  }

  /** Where programs will find a device; what the system will choose is missing in it. */
  static String of(Device device) {
    return switch (device) {
      case Device.Nbd nbd -> Device.Nbd.place(nbd.address());
      case Device.File file -> resolved(file.path()).toString();
      case Device.Block block -> block.wanted().map(Path::toString).orElse(block.toString());
    };
  }

  /** Without symbolic links, as a file is mounted. */
  private static Path resolved(Path given) {
    Path path = given.toAbsolutePath().normalize();
    Path parent = path.getParent();
    try {
      if (LocalFiles.isLink(path)) {
        return path.toRealPath();
      }
      return parent == null ? path : parent.toRealPath().resolve(path.getFileName());
    } catch (IOException e) {
      LOG.debug("{} is nowhere", path, e);
      return path;
    }
  }
}
