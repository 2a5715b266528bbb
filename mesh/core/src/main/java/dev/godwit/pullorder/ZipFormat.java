package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;

/**
 * Zip archives, jars among them: the end record and the central directory. Something may stand in
 * front of the archive, such as a program that unpacks it. Source: PKWARE's APPNOTE.TXT 6.3.10,
 * sections 4.3.12 (central directory) and 4.3.14 to 4.3.16 (the end records).
 */
final class ZipFormat implements ContentFormat {
  private static final String LOCAL = "PK\3\4";
  private static final String END = "PK\5\6";
  private static final String END_64 = "PK\6\6";
  private static final String LOCATOR_64 = "PK\6\7";

  private static final int END_BYTES = 22;
  private static final int LOCATOR_BYTES = 20;
  private static final int END_64_BYTES = 56;
  private static final int MAX_COMMENT = 65535;

  @Override
  public String name() {
    return "zip";
  }

  @Override
  public boolean recognises(Probe probe) throws IOException {
    if (probe.first(4, ByteOrder.LITTLE_ENDIAN).holds(0, LOCAL)) {
      return true;
    }
    // With a comment and something in front it is not recognised: that would cost every unknown
    // content a read of 64 KiB.
    return probe.size() >= END_BYTES && last(probe, END_BYTES).holds(0, END);
  }

  private static Excerpt last(Probe probe, int length) throws IOException {
    return probe.read(probe.size() - length, length, ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void findImportant(Probe probe) throws IOException {
    long end = findEnd(probe);
    Excerpt record = probe.read(end, END_BYTES, ByteOrder.LITTLE_ENDIAN);
    long directoryLength = record.u32(12);
    long directoryEnd = end;
    long end64 = findEnd64(probe, end);
    if (end64 >= 0) {
      directoryLength = probe.read(end64, END_64_BYTES, ByteOrder.LITTLE_ENDIAN).u63(40);
      directoryEnd = end64;
    }
    if (directoryLength > directoryEnd) {
      throw new MalformedContentException(
          "a central directory of " + directoryLength + " bytes does not fit");
    }
    // Counted from its end: its offset is wrong when something stands in front of the archive.
    probe.important(directoryEnd - directoryLength, directoryLength);
  }

  /** The offset of the end record, the last one that is followed by just its comment. */
  private static long findEnd(Probe probe) throws IOException {
    if (probe.size() >= END_BYTES && last(probe, END_BYTES).holds(0, END)) {
      return probe.size() - END_BYTES;
    }
    Excerpt tail = last(probe, (int) Math.min(probe.size(), END_BYTES + MAX_COMMENT));
    for (int at = tail.length() - END_BYTES; at >= 0; at--) {
      if (tail.holds(at, END) && at + END_BYTES + tail.u16(at + 20) == tail.length()) {
        return probe.size() - tail.length() + at;
      }
    }
    throw new MalformedContentException("the archive has no end record");
  }

  /** The offset of the ZIP64 end record, -1 when there is none. */
  private static long findEnd64(Probe probe, long end) throws IOException {
    long locatorAt = end - LOCATOR_BYTES;
    if (locatorAt < END_64_BYTES) {
      return -1;
    }
    Excerpt locator = probe.read(locatorAt, LOCATOR_BYTES, ByteOrder.LITTLE_ENDIAN);
    if (!locator.holds(0, LOCATOR_64)) {
      return -1;
    }
    if (isEnd64(probe, locator.bits64(8), locatorAt)) {
      return locator.bits64(8);
    }
    // Something stands in front; then the record is found where it has its usual length.
    long usual = locatorAt - END_64_BYTES;
    return isEnd64(probe, usual, locatorAt) ? usual : -1;
  }

  private static boolean isEnd64(Probe probe, long at, long locatorAt) throws IOException {
    return at >= 0
        && at <= locatorAt - END_64_BYTES
        && probe.read(at, 4, ByteOrder.LITTLE_ENDIAN).holds(0, END_64);
  }
}
