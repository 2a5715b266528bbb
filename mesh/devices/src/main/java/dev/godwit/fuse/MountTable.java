package dev.godwit.fuse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is mounted where, as this process sees it: {@code /proc/self/mountinfo}. Immutable. */
final class MountTable {
  private static final Path FILE = Path.of("/proc/self/mountinfo");

  private final List<Entry> entries;

  private MountTable(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * One mount.
   *
   * @param device the file system's number, {@code major:minor}
   * @param point where it is mounted
   * @param type of the file system, perhaps with a subtype after a dot
   */
  record Entry(String device, String point, String type) {}

  /**
   * The table as it is now.
   *
   * @throws IOException when it cannot be read
   */
  static MountTable now() throws IOException {
    // Not readAllLines: somebody else's path may be no text at all.
    return parse(new String(Files.readAllBytes(FILE), Charset.defaultCharset()).lines().toList());
  }

  /** Reads lines as in {@code proc_pid_mountinfo(5)}; one that is not understood is left out. */
  static MountTable parse(List<String> lines) {
    List<Entry> entries = new ArrayList<>();
    for (String line : lines) {
      String[] fields = line.split(" ", -1);
      int dash = List.of(fields).indexOf("-");
      if (dash >= 6 && dash + 1 < fields.length) {
        entries.add(new Entry(fields[2], unescape(fields[4]), fields[dash + 1]));
      }
    }
    return new MountTable(entries);
  }

  /** Blanks and the like are written as a backslash and three octal digits. */
  private static String unescape(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    byte[] bytes = text.getBytes(Charset.defaultCharset());
    var out = new ByteArrayOutputStream(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\\' && i + 3 < bytes.length) {
        out.write((bytes[i + 1] - '0') << 6 | (bytes[i + 2] - '0') << 3 | (bytes[i + 3] - '0'));
        i += 3;
      } else {
        out.write(bytes[i]);
      }
    }
    return out.toString(Charset.defaultCharset());
  }

  /** The mount at a path; of several on top of each other, the uppermost. */
  Optional<Entry> at(Path path) {
    String text = path.toString();
    return entries.reversed().stream().filter(entry -> entry.point().equals(text)).findFirst();
  }

  /** Where file systems of a type are mounted. */
  List<Path> of(String type) {
    return entries.stream()
        .filter(entry -> entry.type().equals(type))
        .map(entry -> Path.of(entry.point()))
        .distinct()
        .toList();
  }

  /** Whether a file system with this number is mounted at a path, perhaps below others. */
  boolean has(Path path, String device) {
    String text = path.toString();
    return entries.stream()
        .anyMatch(entry -> entry.point().equals(text) && entry.device().equals(device));
  }

  /** Whether a file system with this number is mounted anywhere. */
  boolean has(String device) {
    return entries.stream().anyMatch(entry -> entry.device().equals(device));
  }
}
