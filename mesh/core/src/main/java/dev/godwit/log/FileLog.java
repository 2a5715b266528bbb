package dev.godwit.log;

import dev.godwit.backend.SteadyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
 * gets its name only when it is durable; a log without entries has no file. Nothing keeps a second
 * process from opening the same log: the caller has to.
 */
public final class FileLog implements StableLog {
  private static final Logger LOG = LoggerFactory.getLogger(FileLog.class);

  private static final int HEADER = 12;

  /** No header is on two sectors. */
  private static final int ALIGNMENT = 16;

  private static final int MAX_ENTRY = 64 << 20;
  private static final int ROOM = 256 * 1024;

  private final Path file;
  private final List<byte[]> entries;
  private @Nullable SteadyFile channel;
  private long end;
  private @Nullable IOException broken;

  private FileLog(Path file, @Nullable SteadyFile channel, Contents contents) {
    this.file = file;
    this.channel = channel;
    this.entries = List.copyOf(contents.entries());
    this.end = contents.end();
  }

  /**
   * What a log holds.
   *
   * @param end where the next entry begins
   */
  private record Contents(List<byte[]> entries, long end) {}

  /**
   * Opens a log. One that is not there is empty, and is made with its first entry.
   *
   * @throws DamagedLogException when it has bytes that no crash can have left there
   * @throws IOException when it cannot be read
   */
  public static FileLog open(Path file) throws IOException {
    // What a crash has left of an entry that was about to replace all others.
    Files.deleteIfExists(fresh(file));
    SteadyFile channel;
    try {
      channel = SteadyFile.open(file);
    } catch (NoSuchFileException e) {
      LOG.trace("empty so far", e);
      return new FileLog(file, null, new Contents(List.of(), 0));
    }
    try {
      Contents contents = read(file, channel);
      DurableNames.force(file);
      return new FileLog(file, channel, contents);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static Path fresh(Path file) {
    return file.resolveSibling(file.getFileName() + ".new");
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
    writeAgain(channel, entries);
    makeRoom(channel, at);
    return new Contents(entries, at);
  }

  /**
   * What is read may not be on the disk: after a write-back that failed, the pages count as clean.
   */
  private static void writeAgain(SteadyFile channel, List<byte[]> entries) throws IOException {
    long at = 0;
    for (byte[] entry : entries) {
      at = write(channel, entry, at);
    }
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
    SteadyFile open = channel;
    if (open == null || end == 0) {
      replace(entry);
      return;
    }
    try {
      long next = write(open, entry, end);
      open.force(SteadyFile.Durable.CONTENTS);
      end = next;
    } catch (IOException e) {
      undo(open, e);
      throw e;
    }
  }

  /**
   * Makes sure that what failed to become durable does not turn up after a restart, by the file
   * opened anew, as the one in use has failed for good.
   *
   * @throws UndecidedLogException when that failed, too
   */
  private void undo(SteadyFile failed, IOException cause) throws UndecidedLogException {
    try (failed) {
      channel = SteadyFile.open(file);
      channel.truncate(end);
      makeRoom(channel, end);
    } catch (IOException e) {
      cause.addSuppressed(e);
      throw undecided(cause);
    }
  }

  private UndecidedLogException undecided(IOException cause) {
    UndecidedLogException undecided = new UndecidedLogException(file, cause);
    broken = undecided;
    return undecided;
  }

  @Override
  public synchronized void replace(byte[] entry) throws IOException {
    check(entry);
    Path fresh = fresh(file);
    long size;
    try (SteadyFile next =
        SteadyFile.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
      size = write(next, entry, 0);
      makeRoom(next, size);
    }
    // From here on the new one may be what a restart finds.
    try {
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      DurableNames.force(file);
      SteadyFile old = channel;
      channel = SteadyFile.open(file);
      end = size;
      if (old != null) {
        old.close();
      }
    } catch (IOException e) {
      throw undecided(e);
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
      throw new IOException(String.valueOf(broken.getMessage()), broken);
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
    broken = new IOException("the journal " + file + " is closed");
    if (channel != null) {
      channel.close();
    }
  }
}
