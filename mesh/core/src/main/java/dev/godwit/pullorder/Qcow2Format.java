package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;

/**
 * QEMU's qcow2 images, versions 2 and 3: the header, the tables that say where the guest's clusters
 * are, then those that say which clusters are in use. Source: {@code docs/interop/qcow2.txt} of
 * QEMU, "Header", "Host cluster management" and "Cluster mapping".
 */
final class Qcow2Format implements ContentFormat {
  /** Bytes of the first-level table that are followed; at the usual 64 KiB a cluster, 64 TiB. */
  static final int MAX_TABLE_BYTES = 1 << 20;

  private static final String MAGIC = "QFI\u00fb";
  private static final int HEADER_BYTES = 72;

  /** Bits 9 to 55 of an entry are an offset. */
  private static final long OFFSET_BITS = 0x00fffffffffffe00L;

  @Override
  public String name() {
    return "qcow2";
  }

  @Override
  public boolean recognises(Probe probe) throws IOException {
    return probe.first(MAGIC.length(), ByteOrder.BIG_ENDIAN).holds(0, MAGIC);
  }

  @Override
  public void findImportant(Probe probe) throws IOException {
    Excerpt header = probe.read(0, HEADER_BYTES, ByteOrder.BIG_ENDIAN);
    long version = header.u32(4);
    long clusterBits = header.u32(20);
    if (version < 2 || version > 3 || clusterBits < 9 || clusterBits > 21) {
      throw new MalformedContentException(
          "version " + version + " with " + clusterBits + " bits for a cluster");
    }
    long cluster = 1L << clusterBits;
    probe.important(0, cluster);
    findTables(probe, header.u63(40), header.u32(36) * 8, cluster);
    findTables(probe, header.u63(48), header.u32(56) * cluster, cluster);
    probe.important(header.u63(64), header.u32(60) == 0 ? 0 : cluster);
  }

  /** Names a table, which owns whole clusters, and the clusters that its entries lead to. */
  private static void findTables(Probe probe, long at, long length, long cluster)
      throws IOException {
    probe.important(at, Math.ceilDiv(length, cluster) * cluster);
    long followed = Math.min(length, MAX_TABLE_BYTES);
    for (long done = 0; done < followed; done += Probe.MAX_READ) {
      int count = (int) Math.min(Probe.MAX_READ, followed - done);
      Excerpt entries = probe.read(at + done, count, ByteOrder.BIG_ENDIAN);
      for (int i = 0; i < count; i += 8) {
        long offset = entries.bits64(i) & OFFSET_BITS;
        if (offset != 0) {
          probe.important(offset, cluster);
        }
      }
    }
  }
}
