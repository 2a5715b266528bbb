package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Disks with a partition table: the table, the beginning of every partition, then what matters in
 * each partition whose content is recognised. Source: the UEFI specification 2.10, sections 5.2.1
 * (MBR) and 5.3 (GPT); logical partitions are chained as DOS has done it.
 */
final class PartitionFormat implements ContentFormat {
  /** Partitions that are looked at. */
  static final int MAX_PARTITIONS = 128;

  /** Boot sectors and superblocks of nearly everything are in front of this. */
  static final long BEGIN_BYTES = 128 << 10;

  private static final int SECTOR = 512;
  private static final int LARGE_SECTOR = 4096;
  private static final int TABLE_AT = 446;
  private static final int TABLE_ENTRIES = 4;
  private static final int TABLE_ENTRY = 16;
  private static final int TYPE_PROTECTIVE = 0xEE;

  private static final String GPT_MAGIC = "EFI PART";
  private static final int GPT_HEADER_BYTES = 92;
  private static final int GPT_MIN_ENTRY = 128;
  private static final int GPT_MAX_ENTRIES = 1024;
  private static final String GPT_NO_TYPE = "\0".repeat(16);

  /** The backup of a usual table is as long as the table: 32 sectors and the header. */
  private static final int GPT_BACKUP_BYTES = 33 * SECTOR;

  private final ContentFormats inside;

  /**
   * A format of disks.
   *
   * @param inside what partitions may hold; not this format itself
   */
  PartitionFormat(ContentFormats inside) {
    this.inside = inside;
  }

  /** Bytes that belong to a partition. */
  private record Partition(long offset, long length) {}

  @Override
  public String name() {
    return "disk";
  }

  @Override
  public boolean recognises(Probe probe) throws IOException {
    if (probe.size() < 2 * SECTOR) {
      return false;
    }
    return gptSector(probe) > 0 || isTable(sector(probe, 0));
  }

  private static Excerpt sector(Probe probe, long number) throws IOException {
    return probe.read(number * SECTOR, SECTOR, ByteOrder.LITTLE_ENDIAN);
  }

  /** Bytes in a sector of a disk with a GPT, 0 when it has none. */
  private static int gptSector(Probe probe) throws IOException {
    for (int sector : new int[] {SECTOR, LARGE_SECTOR}) {
      if (probe.size() >= sector + GPT_HEADER_BYTES
          && probe.read(sector, GPT_HEADER_BYTES, ByteOrder.LITTLE_ENDIAN).holds(0, GPT_MAGIC)) {
        return sector;
      }
    }
    return 0;
  }

  /**
   * Whether a sector is a partition table. Boot sectors of file systems have the same signature;
   * their code is hardly ever four entries that are valid.
   */
  private static boolean isTable(Excerpt sector) throws MalformedContentException {
    if (!hasSignature(sector)) {
      return false;
    }
    boolean used = false;
    for (int i = 0; i < TABLE_ENTRIES; i++) {
      int at = TABLE_AT + i * TABLE_ENTRY;
      int active = sector.u8(at);
      if (active != 0 && active != 0x80) {
        return false;
      }
      used |= sector.u8(at + 4) != 0 && sector.u32(at + 12) != 0;
    }
    return used;
  }

  private static boolean hasSignature(Excerpt sector) {
    return sector.holds(510, "U\u00aa");
  }

  private static boolean isExtended(int type) {
    return type == 0x05 || type == 0x0F || type == 0x85;
  }

  @Override
  public void findImportant(Probe probe) throws IOException {
    int gptSector = gptSector(probe);
    List<Partition> partitions = new ArrayList<>();
    if (gptSector > 0) {
      readGpt(probe, gptSector, partitions);
    } else {
      readTable(probe, partitions);
    }
    for (Partition partition : partitions) {
      probe.important(partition.offset, Math.min(partition.length, BEGIN_BYTES));
    }
    for (Partition partition : partitions) {
      if (partition.offset < probe.size()) {
        inside.findImportant(probe.part(partition.offset, partition.length));
      }
    }
  }

  private static void add(List<Partition> partitions, long offset, long length) {
    if (partitions.size() < MAX_PARTITIONS) {
      partitions.add(new Partition(offset, length));
    }
  }

  private static void readGpt(Probe probe, int sectorSize, List<Partition> partitions)
      throws IOException {
    Excerpt header = probe.read(sectorSize, GPT_HEADER_BYTES, ByteOrder.LITTLE_ENDIAN);
    long entriesAt = bytes(header.u63(72), sectorSize);
    int entries = (int) Math.min(GPT_MAX_ENTRIES, header.u32(80));
    long entrySize = header.u32(84);
    if (entrySize < GPT_MIN_ENTRY || entries * entrySize > Probe.MAX_READ) {
      throw new MalformedContentException("partition entries of " + entrySize + " bytes");
    }
    Excerpt table = probe.read(entriesAt, (int) (entries * entrySize), ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < entries; i++) {
      Excerpt entry = table.part((int) (i * entrySize), GPT_MIN_ENTRY);
      long first = entry.u63(32);
      long last = entry.u63(40);
      if (!entry.holds(0, GPT_NO_TYPE) && first > 0 && last >= first) {
        long offset = bytes(first, sectorSize);
        add(partitions, offset, bytes(last, sectorSize) - offset + sectorSize);
      }
    }
    // Partition tools and the kernel compare it with the first one.
    probe.important(Math.max(0, probe.size() - GPT_BACKUP_BYTES), GPT_BACKUP_BYTES);
  }

  private static long bytes(long sectors, int sectorSize) throws MalformedContentException {
    if (sectors > Long.MAX_VALUE / 2 / sectorSize) {
      throw new MalformedContentException("there is no sector " + sectors);
    }
    return sectors * sectorSize;
  }

  private static void readTable(Probe probe, List<Partition> partitions) throws IOException {
    Excerpt table = sector(probe, 0);
    for (int i = 0; i < TABLE_ENTRIES; i++) {
      int at = TABLE_AT + i * TABLE_ENTRY;
      int type = table.u8(at + 4);
      long first = table.u32(at + 8);
      long count = table.u32(at + 12);
      if (isExtended(type)) {
        readLogical(probe, first, partitions);
      } else if (type != 0 && type != TYPE_PROTECTIVE && first > 0 && count > 0) {
        add(partitions, first * SECTOR, count * SECTOR);
      }
    }
  }

  /** Each logical partition has a table of its own: itself, and where the next table is. */
  private static void readLogical(Probe probe, long begin, List<Partition> partitions)
      throws IOException {
    long at = begin;
    // A chain may lead back to where it began; it is followed for so many turns only.
    for (int i = 0; i < MAX_PARTITIONS; i++) {
      if (at <= 0 || at >= probe.size() / SECTOR) {
        return;
      }
      Excerpt table = sector(probe, at);
      if (!hasSignature(table)) {
        return;
      }
      long first = table.u32(TABLE_AT + 8);
      long count = table.u32(TABLE_AT + 12);
      if (table.u8(TABLE_AT + 4) != 0 && first > 0 && count > 0) {
        add(partitions, (at + first) * SECTOR, count * SECTOR);
      }
      int next = TABLE_AT + TABLE_ENTRY;
      if (!isExtended(table.u8(next + 4)) || table.u32(next + 8) == 0) {
        return;
      }
      at = begin + table.u32(next + 8);
    }
  }
}
