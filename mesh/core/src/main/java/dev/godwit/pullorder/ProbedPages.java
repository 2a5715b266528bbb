package dev.godwit.pullorder;

import dev.godwit.chunk.BlockSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The pages of a resource that probing has read, each fetched once and within limits. Every fetched
 * page is an important one. Not thread-safe.
 */
final class ProbedPages {
  /** Bytes in a page: the smallest fetch, and the grid of all. */
  static final int PAGE = 4096;

  /** Bytes handed out, from here or afar; a call counts as {@value #CALL} more. */
  static final long MAX_WORK = 64 << 20;

  private static final int CALL = 64;

  private final BlockSource source;
  private final long size;
  private final FoundRanges found;
  private final Map<Long, byte[]> pages = new HashMap<>();
  private int reads;
  private long bytes;
  private long work;

  ProbedPages(BlockSource source, long size, FoundRanges found) {
    this.source = source;
    this.size = size;
    this.found = found;
  }

  /** Fills {@code dst} from {@code offset}; the range is inside the size. */
  void read(byte[] dst, long offset) throws IOException {
    work += CALL + dst.length;
    if (work > MAX_WORK) {
      throw new MalformedContentException("it takes too long to look at it");
    }
    long end = Math.ceilDiv(offset + dst.length, PAGE);
    for (long page = offset / PAGE; page < end; page++) {
      if (!pages.containsKey(page)) {
        long until = page + 1;
        while (until < end && !pages.containsKey(until)) {
          until++;
        }
        fetch(page, until);
      }
    }
    for (int done = 0; done < dst.length; ) {
      byte[] page = page((offset + done) / PAGE);
      int within = (int) ((offset + done) % PAGE);
      int count = Math.min(dst.length - done, page.length - within);
      System.arraycopy(page, within, dst, done, count);
      done += count;
    }
  }

  private byte[] page(long number) {
    byte[] page = pages.get(number);
    if (page == null) {
      throw new IllegalStateException("page " + number + " was not fetched");
    }
    return page;
  }

  private void fetch(long from, long to) throws IOException {
    long start = from * PAGE;
    int length = (int) (Math.min(size, to * PAGE) - start);
    if (reads == Probe.MAX_READS || bytes + length > Probe.MAX_BYTES) {
      throw new MalformedContentException(
          "it takes more than "
              + Probe.MAX_READS
              + " reads or "
              + Probe.MAX_BYTES
              + " bytes to look at it");
    }
    reads++;
    bytes += length;
    found.add(start, length);
    byte[] fetched = new byte[length];
    source.fetch(ByteBuffer.wrap(fetched), start);
    for (int at = 0; at < length; at += PAGE) {
      pages.put(from + at / PAGE, Arrays.copyOfRange(fetched, at, Math.min(length, at + PAGE)));
    }
  }
}
