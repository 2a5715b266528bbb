package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Set;

/**
 * MP4, MOV and their relatives: the boxes that describe the media, wherever they lie, then the
 * beginning of the media. Source: ISO/IEC 14496-12, section 4.2 (boxes), 4.3 ({@code ftyp}), 8.1
 * ({@code mdat}), 8.2 ({@code moov}); older MOV files begin with other boxes than {@code ftyp}
 * (QuickTime File Format, "Atoms").
 */
final class IsoMediaFormat implements ContentFormat {
  /** Boxes at the top that are looked at, one read each. Fragmented files have thousands. */
  static final int MAX_BOXES = 512;

  /** What a player wants of the media before it shows the first picture. */
  static final long MEDIA_BYTES = 4 << 20;

  private static final int SHORT_HEADER = 8;
  private static final int LONG_HEADER = 16;

  private static final Set<String> FIRST =
      Set.of("ftyp", "styp", "moov", "mdat", "wide", "free", "skip", "pnot");

  /** The descriptions: of the file, of the media, of a fragment, of where fragments are. */
  private static final Set<String> DESCRIBING =
      Set.of("ftyp", "styp", "moov", "moof", "sidx", "meta", "mfra");

  /**
   * A box.
   *
   * @param type four characters
   * @param offset of its header
   * @param length header included; may be more than there is
   */
  private record Box(String type, long offset, long length) {}

  @Override
  public String name() {
    return "mp4";
  }

  @Override
  public boolean recognises(Probe probe) throws IOException {
    Excerpt first = probe.first(SHORT_HEADER, ByteOrder.BIG_ENDIAN);
    // Any text could have the four letters there, but not a length in front that fits.
    return first.length() == SHORT_HEADER
        && FIRST.stream().anyMatch(type -> first.holds(4, type))
        && box(probe, 0).length <= probe.size();
  }

  @Override
  public void findImportant(Probe probe) throws IOException {
    long mediaAt = -1;
    long mediaLength = 0;
    try {
      boolean described = false;
      long at = 0;
      for (int i = 0; i < MAX_BOXES && at < probe.size(); i++) {
        Box box = box(probe, at);
        if (DESCRIBING.contains(box.type)) {
          probe.important(at, box.length);
          described |= box.type.equals("moov");
        }
        if (box.type.equals("mdat") && mediaAt < 0) {
          mediaAt = at;
          mediaLength = box.length;
        }
        if ((described && mediaAt >= 0) || box.length > probe.size() - at) {
          break;
        }
        at += box.length;
      }
    } finally {
      // Behind the descriptions, also when they come last in the file or not at all.
      if (mediaAt >= 0) {
        probe.important(mediaAt, Math.min(MEDIA_BYTES, mediaLength));
      }
    }
  }

  private static Box box(Probe probe, long at) throws IOException {
    Excerpt header = probe.read(at, SHORT_HEADER, ByteOrder.BIG_ENDIAN);
    StringBuilder type = new StringBuilder();
    for (int i = 4; i < SHORT_HEADER; i++) {
      type.append((char) header.u8(i));
    }
    long length = header.u32(0);
    int least = SHORT_HEADER;
    if (length == 0) {
      length = probe.size() - at;
    } else if (length == 1) {
      length = probe.read(at, LONG_HEADER, ByteOrder.BIG_ENDIAN).u63(SHORT_HEADER);
      least = LONG_HEADER;
    }
    if (length < least) {
      throw new MalformedContentException("a box at " + at + " has " + length + " bytes");
    }
    return new Box(type.toString(), at, length);
  }
}
