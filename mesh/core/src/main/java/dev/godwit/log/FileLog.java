package dev.godwit.log;

import dev.godwit.backend.SteadyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link StableLog} in a file. Room for further entries is written ahead, as zeroes, so that an
 * append does not change the file's size: making it durable is then one write to the disk.
 *
 * <p>Each entry is a header and its bytes, and begins at a multiple of {@value #ALIGNMENT}; no
 * entry is empty. The header is the length, the CRC-32C of the bytes and the CRC-32C of these two.
 * An entry that was cut off by a crash, or lies on blocks that a crash left zero, ends the log when
 * it is opened again; everything before it counts. What no crash leaves is damage, and the log is
 * then refused, because what it would say without its end may be wrong: bytes that do not fit the
 * header although others follow them, and a header that is neither zero nor right, since disks
 * write the sector that it lies in as a whole. The first entry is never cut off, because its file
 * gets its name only when it is durable. A second process that opens the same log is refused.
 */
public final class FileLog implements StableLog {
  private static final Logger LOG = LoggerFactory.getLogger(FileLog.class);

  private static final int HEADER = 12;

  /** No header is on two sectors. */
  private static final int ALIGNMENT = 16;

  private static final int MAX_ENTRY = 64 << 20;
  private static final int ROOM = 256 * 1024;

  private final Path file;
  private final FileChannel lockChannel;
  private final List<byte[]> entries;
  private SteadyFile channel;
  private long end;
  private @Nullable IOException broken;

  private FileLog(Path file, FileChannel lockChannel, SteadyFile channel, Contents contents) {
    this.file = file;
    this.lockChannel = lockChannel;
    this.channel = channel;
    this.entries = List.copyOf(contents.entries());
    this.end = contents.end();
  }

  /**
   * Opens a log, or makes an empty one.
   *
   * @throws ResourceBusyException when another process has it open
   * @throws DamagedLogException when it has bytes that no crash can have left there
   * @throws IOException when it cannot be read
   */
  public static FileLog open(Path file) throws IOException {
    Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
    FileChannel lockChannel =
        FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      @Nullable FileLock lock = tryLock(lockChannel);
      if (lock == null) {
        throw new ResourceBusyException(file);
      }
      return open(file, lockChannel);
    } catch (IOException e) {
      lockChannel.close();
      throw e;
    }
  }

  /**
   * What a log holds.
   *
   * @param end where the next entry begins
   */
  private record Contents(List<byte[]> entries, long end) {}

  private static FileLog open(Path file, FileChannel lockChannel) throws IOException {
    SteadyFile channel = SteadyFile.open(file, StandardOpenOption.CREATE);
    try {
      Contents contents = read(file, channel);
      forceDirectory(file);
      return new FileLog(file, lockChannel, channel, contents);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static Contents read(Path file, SteadyFile channel) throws IOException {
    List<byte[]> entries = new ArrayList<>();
    long at = 0;
    byte[] entry = read(file, channel, at);
    while (entry != null) {
      entries.add(entry);
      at = after(at, entry.length);
      entry = read(file, channel, at);
    }
    if (at == 0 && !isZero(channel, at)) {
      throw new DamagedLogException(file, at);
    }
    channel.truncate(at);
    makeRoom(channel, at);
    return new Contents(entries, at);
  }

  /** The entry that begins at {@code at}; null when none does, or a crash cut it off. */
  private static byte @Nullable [] read(Path file, SteadyFile channel, long at) throws IOException {
    long room = channel.size() - at - HEADER;
    if (room < 0) {
      return null;
    }
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    readFully(channel, header, at);
    int length = header.flip().getInt();
    int sum = header.getInt();
    int headerSum = header.getInt();
    if (length == 0 && sum == 0 && headerSum == 0) {
      return null;
    }
    if (headerSum != headerSum(length, sum) || length <= 0 || length > MAX_ENTRY) {
      throw new DamagedLogException(file, at);
    }
    if (length > room) {
      return null;
    }
    byte[] entry = new byte[length];
    readFully(channel, ByteBuffer.wrap(entry), at + HEADER);
    if (checksum(entry) == sum) {
      return entry;
    }
    if (!isZero(channel, after(at, length))) {
      throw new DamagedLogException(file, at);
    }
    return null;
  }

  /** Where the entry begins that follows one of {@code length} bytes. */
  private static long after(long at, int length) {
    return Math.ceilDiv(at + HEADER + length, ALIGNMENT) * ALIGNMENT;
  }

  /** Whether nothing was ever written from {@code at} on. */
  private static boolean isZero(SteadyFile channel, long at) throws IOException {
    ByteBuffer rest = ByteBuffer.allocate(ROOM);
    while (channel.read(rest.clear(), at) > 0) {
      at += rest.flip().remaining();
      while (rest.hasRemaining()) {
        if (rest.get() != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** Puts zeroes behind {@code end}, and makes everything durable. */
  private static void makeRoom(SteadyFile channel, long end) throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocate(ROOM);
    long at = end;
    while (zeroes.hasRemaining()) {
      at += channel.write(zeroes, at);
    }
    channel.force(SteadyFile.Durable.EVERYTHING);
  }

  private static void readFully(SteadyFile channel, ByteBuffer dst, long at) throws IOException {
    while (dst.hasRemaining()) {
      int count = channel.read(dst, at);
      if (count < 0) {
        throw new IOException("the journal shrank while it was read");
      }
      at += count;
    }
  }

  @Override
  public List<byte[]> entries() {
    return entries;
  }

  @Override
  public synchronized void append(byte[] entry) throws IOException {
    check(entry);
    if (end == 0) {
      replace(entry);
      return;
    }
    try {
      long next = write(channel, entry, end);
      channel.force(SteadyFile.Durable.CONTENTS);
      end = next;
    } catch (IOException e) {
      broken = e;
      undo(e);
      throw e;
    }
  }

  /** Tries to make sure that what failed to become durable does not turn up after a restart. */
  private void undo(IOException cause) {
    try {
      channel.truncate(end);
      channel.force(SteadyFile.Durable.EVERYTHING);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public synchronized void replace(byte[] entry) throws IOException {
    check(entry);
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      long size;
      try (SteadyFile next =
          SteadyFile.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
        size = write(next, entry, 0);
        makeRoom(next, size);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceDirectory(file);
      SteadyFile old = channel;
      channel = SteadyFile.open(file);
      end = size;
      old.close();
    } catch (IOException e) {
      broken = e;
      throw e;
    }
  }

  /** Makes the names in a file's folder durable; an interrupt waits until that is done. */
  private static void forceDirectory(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    boolean interrupted = false;
    try {
      while (true) {
        try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
          parent.force(true);
          return;
        } catch (ClosedByInterruptException e) {
          LOG.trace("again, with the interrupt put off", e);
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns where the next one goes. */
  private static long write(SteadyFile channel, byte[] entry, long at) throws IOException {
    long next = after(at, entry.length);
    ByteBuffer bytes = ByteBuffer.allocate((int) (next - at));
    int sum = checksum(entry);
    bytes.putInt(entry.length).putInt(sum).putInt(headerSum(entry.length, sum)).put(entry).rewind();
    long end = at;
    while (bytes.hasRemaining()) {
      end += channel.write(bytes, end);
    }
    return next;
  }

  private void check(byte[] entry) throws IOException {
    if (entry.length == 0 || entry.length > MAX_ENTRY) {
      throw new IllegalArgumentException("an entry of " + entry.length + " bytes");
    }
    if (broken != null) {
      throw new IOException("the journal " + file + " failed before", broken);
    }
  }

  private static int headerSum(int length, int sum) {
    return checksum(ByteBuffer.allocate(2 * Integer.BYTES).putInt(length).putInt(sum).array());
  }

  private static int checksum(byte[] entry) {
    CRC32C crc = new CRC32C();
    crc.update(entry);
    return (int) crc.getValue();
  }

  @Override
  public synchronized void close() throws IOException {
    try (lockChannel) {
      channel.close();
    }
  }
}
