package dev.godwit.nbd.kernel;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the kernel shows of its NBD devices, as {@code Documentation/ABI/testing/sysfs-block-device}
 * and {@code Documentation/ABI/stable/sysfs-block} describe.
 *
 * @param root {@code /sys/block}
 */
record SysBlock(Path root) {
  private static final Pattern NAME = Pattern.compile("nbd(0|[1-9]\\d{0,6})");
  private static final Path DEVICES = Path.of("/dev");

  /** This machine's. */
  static SysBlock system() {
    return new SysBlock(Path.of("/sys/block"));
  }

  /** The device of a number. */
  static Path device(int number) {
    return DEVICES.resolve("nbd" + number);
  }

  /** The number of {@code /dev/nbdN}; none for any other path. */
  static OptionalInt number(Path device) {
    Path name = device.getFileName();
    if (name == null || !DEVICES.equals(device.getParent())) {
      return OptionalInt.empty();
    }
    Matcher matcher = NAME.matcher(name.toString());
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  /** The numbers of all devices, rising. */
  List<Integer> numbers() throws IOException {
    List<Integer> numbers = new ArrayList<>();
    if (!Files.isDirectory(root)) {
      return numbers;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(root, "nbd*")) {
      for (Path one : all) {
        number(DEVICES.resolve(one.getFileName())).ifPresent(numbers::add);
      }
    }
    numbers.sort(null);
    return numbers;
  }

  /** Whether a device has a server. */
  boolean isConnected(int number) {
    return Files.exists(file(number, "pid"));
  }

  /** The size in units of 512 bytes, 0 when there is no such device. */
  long sectors(int number) throws IOException {
    String text = text(number, "size");
    try {
      return text.isEmpty() ? 0 : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException(file(number, "size") + " says " + text, e);
    }
  }

  /** Whose device it is, as whoever connected it said; empty when nobody did. */
  String backend(int number) throws IOException {
    return text(number, "backend");
  }

  private String text(int number, String name) throws IOException {
    Path file = file(number, name);
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      if (Files.exists(file)) {
        throw e;
      }
      return "";
    }
  }

  private Path file(int number, String name) {
    return root.resolve("nbd" + number).resolve(name);
  }
}
