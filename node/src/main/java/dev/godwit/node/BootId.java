package dev.godwit.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells one run of this machine's system from another. */
final class BootId {
  private static final Logger LOG = LoggerFactory.getLogger(BootId.class);
  private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

  private BootId() {}

  /** Of every start of a system another one; empty where the kernel does not say. */
  static String present() {
    try {
      return Files.readString(FILE, StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      LOG.debug("starts of this machine are not told apart", e);
      return "";
    }
  }
}
