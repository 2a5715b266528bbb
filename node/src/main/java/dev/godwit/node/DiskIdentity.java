package dev.godwit.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which disk it is, whatever it is called: after the next start of the machine {@code /dev/sdb} may
 * be another one. Read from what the kernel says in {@code sysfs}.
 */
sealed interface DiskIdentity {
  /** Where {@code sysfs} is on every machine. */
  Path SYSFS = Path.of("/sys");

  /**
   * A number that belongs to the disk.
   *
   * @param id letters, digits and {@code _.-} only
   */
  record Lasting(String id) implements DiskIdentity {}

  /** The whole of a file. */
  record OfFile(Path file) implements DiskIdentity {}

  /**
   * Nothing that lasts.
   *
   * @param why without a full stop
   */
  record None(String why) implements DiskIdentity {}

  /**
   * Looks a disk up.
   *
   * @param device for example {@code /dev/sdb1}
   * @param sysfs where the kernel describes it
   * @throws IOException when it cannot be looked at
   */
  static DiskIdentity of(Path device, Path sysfs) throws IOException {
    return numbered((long) Files.getAttribute(device, "unix:rdev"), sysfs);
  }

  /**
   * Looks a disk up by its number.
   *
   * @param number as {@code st_rdev} of stat(2)
   */
  static DiskIdentity numbered(long number, Path sysfs) throws IOException {
    long major = ((number >> 8) & 0xfff) | ((number >> 32) & 0xfffff000L);
    long minor = (number & 0xff) | ((number >> 12) & 0xffffff00L);
    Path found = sysfs.resolve("dev/block/" + major + ":" + minor);
    return Files.exists(found)
        ? described(found.toRealPath())
        : new None("the kernel does not describe it in " + found);
  }

  private static DiskIdentity described(Path disk) throws IOException {
    if (Files.exists(disk.resolve("partition"))) {
      // Its number may change when another partition is made, its bytes stay where they are.
      String start = line(disk.resolve("start"));
      DiskIdentity whole = described(disk.resolveSibling("").toRealPath());
      return whole instanceof Lasting lasting
          ? new Lasting(lasting.id() + "-from-" + start)
          : new None("it is a part of a disk that has no serial number");
    }
    if (Files.exists(disk.resolve("loop/backing_file"))) {
      return loop(disk.resolve("loop"));
    }
    for (String where : new String[] {"dm/uuid", "md/uuid", "wwid", "device/wwid", "serial"}) {
      String id = line(disk.resolve(where));
      if (!id.matches("(eui\\.|nvme\\.)?[0-]*")) {
        return new Lasting(fileName(id));
      }
    }
    return new None("it has no serial number, by which it could be known after a restart");
  }

  private static DiskIdentity loop(Path loop) throws IOException {
    if (!line(loop.resolve("offset")).equals("0") || !line(loop.resolve("sizelimit")).equals("0")) {
      return new None("it is a part of the file " + line(loop.resolve("backing_file")));
    }
    Path file = Path.of(line(loop.resolve("backing_file")));
    return Files.exists(file)
        ? new OfFile(file.toRealPath())
        : new None("its file, " + file + ", is not there any more");
  }

  /** The first line of a file without blanks around it; empty when the file is not there. */
  private static String line(Path file) throws IOException {
    return Files.exists(file)
        ? Files.readString(file, StandardCharsets.UTF_8).strip().lines().findFirst().orElse("")
        : "";
  }

  /** Two disks whose numbers differ have other names, too. */
  private static String fileName(String id) {
    var name = new StringBuilder();
    for (byte each : id.getBytes(StandardCharsets.UTF_8)) {
      char letter = (char) (each & 0xff);
      if ((letter >= 'a' && letter <= 'z')
          || (letter >= 'A' && letter <= 'Z')
          || (letter >= '0' && letter <= '9')
          || letter == '.'
          || letter == '-') {
        name.append(letter);
      } else {
        name.append('_').append(String.format("%02x", (int) letter));
      }
    }
    return name.toString();
  }
}
