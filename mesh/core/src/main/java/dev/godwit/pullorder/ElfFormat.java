package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;

/**
 * Programs and libraries in ELF, 32 and 64 bits, both byte orders: the headers, the dynamic
 * section, then what is loaded, the segment with the entry point first. What only debuggers want
 * stays for later. Source: the System V ABI (gABI), chapters "Object Files" and "Program Loading".
 */
final class ElfFormat implements ContentFormat {
  /** Program headers that are looked at. */
  static final int MAX_SEGMENTS = 2048;

  /** What of a segment is wanted at once around the entry point. */
  private static final long ENTRY_BYTES = 64 << 10;

  private static final String MAGIC = "\u007fELF";
  private static final int LOAD = 1;
  private static final int DYNAMIC = 2;
  private static final int INTERPRETER = 3;
  private static final int NOTE = 4;

  /** The number of program headers when it is kept in the first section header instead. */
  private static final int MANY = 0xffff;

  @Override
  public String name() {
    return "elf";
  }

  @Override
  public boolean recognises(Probe probe) throws IOException {
    return probe.first(MAGIC.length(), ByteOrder.LITTLE_ENDIAN).holds(0, MAGIC);
  }

  @Override
  public void findImportant(Probe probe) throws IOException {
    Excerpt ident = probe.read(0, 16, ByteOrder.LITTLE_ENDIAN);
    boolean wide =
        switch (ident.u8(4)) {
          case 1 -> false;
          case 2 -> true;
          default -> throw new MalformedContentException("the class is " + ident.u8(4));
        };
    ByteOrder order =
        switch (ident.u8(5)) {
          case 1 -> ByteOrder.LITTLE_ENDIAN;
          case 2 -> ByteOrder.BIG_ENDIAN;
          default -> throw new MalformedContentException("the byte order is " + ident.u8(5));
        };
    new Image(probe, wide, order).findImportant();
  }

  /** A program header. */
  private record Segment(long type, long offset, long address, long length) {
    boolean holds(long at) {
      return type == LOAD
          && Long.compareUnsigned(at, address) >= 0
          && Long.compareUnsigned(at - address, length) < 0;
    }
  }

  /** One file, whose widths and byte order are known. */
  private static final class Image {
    private final Probe probe;
    private final boolean wide;
    private final ByteOrder order;
    private final Excerpt header;

    Image(Probe probe, boolean wide, ByteOrder order) throws IOException {
      this.probe = probe;
      this.wide = wide;
      this.order = order;
      this.header = probe.read(0, wide ? 64 : 52, order);
    }

    /** A field of the width of an address; beyond 63 bits only addresses make sense. */
    private long word(Excerpt bytes, int narrowAt, int wideAt) throws MalformedContentException {
      return wide ? bytes.bits64(wideAt) : bytes.u32(narrowAt);
    }

    private int half(int narrowAt, int wideAt) throws MalformedContentException {
      return header.u16(wide ? wideAt : narrowAt);
    }

    void findImportant() throws IOException {
      long sectionsAt = word(header, 32, 40);
      int sectionSize = half(46, 58);
      long sections = half(48, 60);
      long segments = half(44, 56);
      if (sectionsAt > 0 && (sections == 0 || segments == MANY)) {
        // Numbers that are too large for the header are in the first section header.
        Excerpt section = probe.read(sectionsAt, wide ? 64 : 40, order);
        sections = sections == 0 ? word(section, 20, 32) : sections;
        segments = segments == MANY ? section.u32(wide ? 44 : 28) : segments;
      }
      Segment[] table = segments(segments);
      find(table, INTERPRETER);
      find(table, DYNAMIC);
      find(table, NOTE);
      findEntry(table);
      find(table, LOAD);
      if (sectionsAt > 0 && sections > 0 && sections <= Integer.MAX_VALUE) {
        probe.important(sectionsAt, sections * sectionSize);
      }
    }

    private Segment[] segments(long count) throws IOException {
      int size = half(42, 54);
      long at = word(header, 28, 32);
      if (at == 0 || count == 0) {
        // An object file that is not linked yet.
        return new Segment[0];
      }
      if (count > MAX_SEGMENTS || size < (wide ? 56 : 32) || count * size > Probe.MAX_READ) {
        throw new MalformedContentException(count + " program headers of " + size + " bytes");
      }
      Excerpt table = probe.read(at, (int) count * size, order);
      Segment[] segments = new Segment[(int) count];
      for (int i = 0; i < segments.length; i++) {
        Excerpt entry = table.part(i * size, size);
        segments[i] =
            new Segment(entry.u32(0), word(entry, 4, 8), word(entry, 8, 16), word(entry, 16, 32));
      }
      return segments;
    }

    private void find(Segment[] segments, int type) throws MalformedContentException {
      for (Segment segment : segments) {
        if (segment.type == type) {
          probe.important(segment.offset, segment.length);
        }
      }
    }

    private void findEntry(Segment[] segments) throws MalformedContentException {
      long entry = word(header, 24, 24);
      for (Segment segment : segments) {
        if (segment.holds(entry)) {
          long within = Math.max(0, entry - segment.address - ENTRY_BYTES / 2);
          probe.important(segment.offset + within, Math.min(ENTRY_BYTES, segment.length - within));
          probe.important(segment.offset, segment.length);
          return;
        }
      }
    }
  }
}
