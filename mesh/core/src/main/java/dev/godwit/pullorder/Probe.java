package dev.godwit.pullorder;

import dev.godwit.chunk.BlockSource;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Looks into a resource, or a part of one, and collects which of its bytes matter first.
 *
 * <p>Reads block until the bytes are here. They are rounded to pages of 4 KiB, fetched once, and
 * important themselves. All probing of one resource together makes at most {@link #MAX_READS} reads
 * of at most {@link #MAX_BYTES} bytes, reads 64 MiB with what is here already, and finds at most
 * 131,072 ranges; the call that is too many throws a {@link MalformedContentException}. So no
 * content, however hostile, makes a format that only loops over reads run for ever.
 *
 * <p>Not thread-safe.
 */
public final class Probe {
  /** How often the source is asked, at most. */
  public static final int MAX_READS = 1024;

  /** Bytes that are read from the source, at most. */
  public static final long MAX_BYTES = 16 << 20;

  /** Bytes that one call reads, at most. */
  public static final int MAX_READ = 256 << 10;

  private final ProbedPages pages;
  private final FoundRanges found;
  private final long base;
  private final long size;

  /**
   * @param source where the bytes are; {@code backend::read} will do
   * @param size of the resource, bytes
   */
  public Probe(BlockSource source, long size) {
    if (size < 0) {
      throw new IllegalArgumentException("size " + size);
    }
    this.found = new FoundRanges();
    this.pages = new ProbedPages(source, size, found);
    this.base = 0;
    this.size = size;
  }

  private Probe(Probe whole, long base, long size) {
    this.found = whole.found;
    this.pages = whole.pages;
    this.base = base;
    this.size = size;
  }

  /** Bytes in the resource, or the part. */
  public long size() {
    return size;
  }

  /**
   * A part of this, such as a partition, with offsets of its own. What is found in it is found in
   * the whole; the limits hold for both together.
   *
   * @throws MalformedContentException when it does not begin inside this; its end is cut
   */
  public Probe part(long offset, long length) throws MalformedContentException {
    if (offset < 0 || offset > size || length < 0) {
      throw outside(offset, length);
    }
    return new Probe(this, base + offset, Math.min(length, size - offset));
  }

  /**
   * Reads {@code length} bytes.
   *
   * @throws MalformedContentException when they are not all inside, or beyond a limit
   * @throws IOException when the source cannot be read
   */
  public Excerpt read(long offset, int length, ByteOrder order) throws IOException {
    if (offset < 0 || length < 0 || offset > size - length) {
      throw outside(offset, length);
    }
    if (length > MAX_READ) {
      throw new MalformedContentException(length + " bytes are too many to look at");
    }
    byte[] bytes = new byte[length];
    pages.read(bytes, base + offset);
    return new Excerpt(bytes, order);
  }

  /** The first {@code length} bytes, fewer when there are fewer; otherwise as {@link #read}. */
  public Excerpt first(int length, ByteOrder order) throws IOException {
    return read(0, (int) Math.min(length, size), order);
  }

  /**
   * Says that a range matters before those that are named later. What is outside is ignored, so
   * numbers from the content may be given as they are.
   *
   * @throws MalformedContentException when there are too many
   */
  public void important(long offset, long length) throws MalformedContentException {
    if (offset >= 0 && offset < size && length > 0) {
      found.add(base + offset, Math.min(length, size - offset));
    }
  }

  /** What was read and named so far, in that order, with the whole resource's offsets. */
  public List<ByteRange> found() {
    return found.list();
  }

  private MalformedContentException outside(long offset, long length) {
    return new MalformedContentException(
        "bytes " + offset + "+" + length + " are not inside the size " + size);
  }
}
