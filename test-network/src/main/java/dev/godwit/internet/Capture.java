package dev.godwit.internet;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes the packets of a link to a file that tcpdump and Wireshark read: pcap with nanoseconds and
 * raw IP packets (draft-ietf-opsawg-pcap). Packets are written as they come to the link, whether
 * they are lost on it or not. Both directions write without waiting for each other.
 */
public final class Capture implements AutoCloseable {
  static final int MAGIC = 0xa1b23c4d;
  static final int HEADER_SIZE = 24;
  static final int RECORD_HEADER_SIZE = 16;

  /** The packets start with their IP header. */
  static final int LINKTYPE_RAW = 101;

  /** No link has longer packets. */
  static final int SNAPSHOT = 65_535;

  private static final int VERSION_MAJOR = 2;
  private static final int VERSION_MINOR = 4;

  private final FileChannel file;
  private final InstantSource clock;
  private final ShapedLink link;
  private final AtomicLong end = new AtomicLong(HEADER_SIZE);
  private volatile @Nullable IOException failure;

  private Capture(FileChannel file, InstantSource clock, ShapedLink link) {
    this.file = file;
    this.clock = clock;
    this.link = link;
  }

  static Capture open(Path path, InstantSource clock, ShapedLink link) throws IOException {
    FileChannel file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
    try {
      ByteBuffer header = ByteBuffer.allocate(HEADER_SIZE).order(ByteOrder.nativeOrder());
      header.putInt(MAGIC).putShort((short) VERSION_MAJOR).putShort((short) VERSION_MINOR);
      header.putInt(0).putInt(0).putInt(SNAPSHOT).putInt(LINKTYPE_RAW).flip();
      while (header.hasRemaining()) {
        file.write(header, header.position());
      }
      return new Capture(file, clock, link);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  /** For one direction; it may be used until the file is closed. */
  PacketTap tap() {
    return new Writer();
  }

  /**
   * Ends it; what has come to the link before is in the file.
   *
   * @throws IOException also when something could not be written
   */
  @Override
  public void close() throws IOException {
    try {
      link.endCapture(this);
    } finally {
      file.close();
    }
    if (failure != null) {
      throw new IOException("the capture is not complete", failure);
    }
  }

  /** One direction's. */
  private final class Writer implements PacketTap {
    private final ByteBuffer buffer =
        ByteBuffer.allocateDirect(RECORD_HEADER_SIZE + SNAPSHOT).order(ByteOrder.nativeOrder());
    private final MemorySegment memory = MemorySegment.ofBuffer(buffer);

    @Override
    public void packet(MemorySegment from, long offset, int length) {
      Instant now = clock.instant();
      buffer.clear();
      buffer.putInt((int) now.getEpochSecond()).putInt(now.getNano());
      buffer.putInt(length).putInt(length);
      MemorySegment.copy(from, offset, memory, RECORD_HEADER_SIZE, length);
      int size = RECORD_HEADER_SIZE + length;
      buffer.position(0).limit(size);
      // Each packet has a place of its own in the file before it is written.
      long position = end.getAndAdd(size);
      try {
        while (buffer.hasRemaining()) {
          file.write(buffer, position + buffer.position());
        }
      } catch (IOException e) {
        failure = e;
      }
    }
  }
}
