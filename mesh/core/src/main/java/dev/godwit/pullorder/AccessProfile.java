package dev.godwit.pullorder;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.wire.Checksum;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Which blocks of a resource are wanted first, as it was learned from accesses: by an earlier mount
 * ({@link AccessRecorder}) or at the seeder ({@link HotBlocks}). Immutable.
 *
 * <p>In bytes, big-endian:
 *
 * <pre>
 * 4  the characters GWAP
 * 1  version, 1
 * 1  log2 of the block size
 * 2  length of the identity, bytes
 * 8  size of the resource, bytes
 * 4  number of runs
 * n  the identity in UTF-8
 * …  for each run two unsigned LEB128 numbers: the way from the end of the run before to its
 *    first block, zigzag (0, -1, 1, -2, …), and its length in blocks
 * 4  CRC-32C of everything before
 * </pre>
 */
public final class AccessProfile {
  /** Runs in a profile, at most. */
  public static final int MAX_RUNS = 1 << 16;

  /** Bytes of an identity in UTF-8, at most. */
  public static final int MAX_IDENTITY = 1024;

  private static final int MAGIC = 0x47574150;
  private static final int VERSION = 1;
  private static final int HEADER = 20;
  private static final int TRAILER = 4;

  /** Bytes of an encoded profile, at most; a reader need not take more. */
  public static final int MAX_ENCODED =
      HEADER + MAX_IDENTITY + MAX_RUNS * BlockRuns.MAX_RUN_BYTES + TRAILER;

  private final String identity;
  private final ChunkGeometry geometry;
  private final BlockRuns runs;

  /**
   * Of {@code runs}, which nobody else changes.
   *
   * @throws IllegalArgumentException when the identity is too long
   */
  AccessProfile(String identity, long size, int blockSize, BlockRuns runs) {
    if (identity.getBytes(StandardCharsets.UTF_8).length > MAX_IDENTITY) {
      throw new IllegalArgumentException(
          "an identity has at most " + MAX_IDENTITY + " bytes in UTF-8");
    }
    this.identity = identity;
    this.geometry = new ChunkGeometry(size, blockSize, blockSize);
    this.runs = runs;
  }

  /** Which resource it is of, as its maker named it. */
  public String identity() {
    return identity;
  }

  /** The resource's size, bytes. */
  public long size() {
    return geometry.size();
  }

  /** How many runs there are. */
  public int runs() {
    return runs.size();
  }

  /** Whether it is of this resource, and the resource has not been replaced by another size. */
  public boolean isOf(String resource, long bytes) {
    return identity.equals(resource) && geometry.size() == bytes;
  }

  /**
   * What to pull first.
   *
   * @param resource the resource that is pulled
   * @param bytes its size
   * @throws IllegalArgumentException when it is not the one that this profile is of
   */
  public List<ByteRange> ranges(String resource, long bytes) {
    if (!isOf(resource, bytes)) {
      throw new IllegalArgumentException(
          "the profile is of '"
              + identity
              + "' with "
              + size()
              + " bytes, not of '"
              + resource
              + "' with "
              + bytes);
    }
    List<ByteRange> ranges = new ArrayList<>(runs.size());
    for (int i = 0; i < runs.size(); i++) {
      ranges.add(
          new ByteRange(
              geometry.blockOffset(runs.from(i)), geometry.bytes(runs.from(i), runs.to(i))));
    }
    return List.copyOf(ranges);
  }

  /** The format above. */
  public byte[] encode() {
    byte[] name = identity.getBytes(StandardCharsets.UTF_8);
    ByteBuffer dst =
        ByteBuffer.allocate(HEADER + name.length + runs.size() * BlockRuns.MAX_RUN_BYTES + TRAILER);
    dst.putInt(MAGIC)
        .put((byte) VERSION)
        .put((byte) Integer.numberOfTrailingZeros(geometry.blockSize()))
        .putShort((short) name.length)
        .putLong(geometry.size())
        .putInt(runs.size())
        .put(name);
    long at = 0;
    for (int i = 0; i < runs.size(); i++) {
      long way = runs.from(i) - at;
      putNumber(dst, way << 1 ^ way >> 63);
      putNumber(dst, runs.to(i) - runs.from(i));
      at = runs.to(i);
    }
    dst.putInt(new Checksum().of(dst.duplicate().flip()));
    byte[] bytes = new byte[dst.position()];
    dst.get(0, bytes);
    return bytes;
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IOException when the bytes are damaged, no profile, or of a newer version
   */
  public static AccessProfile decode(byte[] bytes) throws IOException {
    if (bytes.length < HEADER + TRAILER || bytes.length > MAX_ENCODED) {
      throw new IOException("an access profile cannot have " + bytes.length + " bytes");
    }
    ByteBuffer src = ByteBuffer.wrap(bytes).limit(bytes.length - TRAILER);
    if (src.getInt() != MAGIC) {
      throw new IOException("this is no access profile");
    }
    int version = Byte.toUnsignedInt(src.get());
    if (version != VERSION) {
      throw new IOException("the access profile is of version " + version + ", which is unknown");
    }
    ByteBuffer checked = ByteBuffer.wrap(bytes);
    int checksum = checked.getInt(bytes.length - TRAILER);
    if (new Checksum().of(checked.limit(bytes.length - TRAILER)) != checksum) {
      throw new IOException("the access profile is damaged: its checksum is wrong");
    }
    try {
      return decodeChecked(src);
    } catch (BufferUnderflowException e) {
      throw new IOException("the access profile is cut off", e);
    } catch (CharacterCodingException | IllegalArgumentException e) {
      // A checksum is no signature: the bytes may have been made so.
      throw new IOException("the access profile makes no sense: " + e.getMessage(), e);
    }
  }

  private static AccessProfile decodeChecked(ByteBuffer src) throws CharacterCodingException {
    int blockSize = 1 << Math.min(30, Byte.toUnsignedInt(src.get()));
    int nameLength = Short.toUnsignedInt(src.getShort());
    long size = src.getLong();
    int count = src.getInt();
    if (nameLength > Math.min(MAX_IDENTITY, src.remaining())) {
      throw new IllegalArgumentException("an identity of " + nameLength + " bytes");
    }
    ByteBuffer name = src.slice(src.position(), nameLength);
    src.position(src.position() + nameLength);
    String identity = StandardCharsets.UTF_8.newDecoder().decode(name).toString();
    int blocks = new ChunkGeometry(size, blockSize, blockSize).blocks();
    // Each run has two bytes at least, so that a count needs no memory that is not there.
    if (count < 0 || count > MAX_RUNS || count > src.remaining() / 2) {
      throw new IllegalArgumentException(Integer.toUnsignedString(count) + " runs");
    }
    BlockRuns runs = new BlockRuns();
    long at = 0;
    for (int i = 0; i < count; i++) {
      long way = getNumber(src);
      long from = at + (way >>> 1 ^ -(way & 1));
      long to = from + getNumber(src);
      if (from < 0 || to <= from || to > blocks) {
        throw new IllegalArgumentException(
            "run " + from + " to " + to + " is not inside " + blocks + " blocks");
      }
      runs.add((int) from, (int) to);
      at = to;
    }
    if (src.hasRemaining()) {
      throw new IllegalArgumentException(src.remaining() + " bytes follow the last run");
    }
    return new AccessProfile(identity, size, blockSize, runs);
  }

  private static void putNumber(ByteBuffer dst, long number) {
    while ((number & ~0x7fL) != 0) {
      dst.put((byte) (number | 0x80));
      number >>>= 7;
    }
    dst.put((byte) number);
  }

  /** Up to 35 bits, which no sum of two overflows. */
  private static long getNumber(ByteBuffer src) {
    long number = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      byte b = src.get();
      number |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return number;
      }
    }
    throw new IllegalArgumentException("a number is out of range");
  }
}
