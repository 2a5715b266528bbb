package dev.godwit.backend;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A regular file or a block device. A flush is {@code fdatasync(2)}. */
public final class FileBackend implements Backend {
  private static final Logger LOG = LoggerFactory.getLogger(FileBackend.class);

  /** What is moved or cached may be secret. */
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 18).asReadOnlyBuffer();

  private final SteadyFile file;
  private final SparseFile sparse;
  private final KnownData data = new KnownData();
  private final long size;

  private FileBackend(SteadyFile file, SparseFile sparse, long size) {
    this.file = file;
    this.sparse = sparse;
    this.size = size;
  }

  /**
   * Opens an existing file at the size it has now.
   *
   * @throws IOException when it cannot be opened for reading and writing
   */
  public static FileBackend open(Path file, SparseFile.Opener holes) throws IOException {
    SteadyFile opened = SteadyFile.open(file);
    try {
      return new FileBackend(opened, holes.open(file), opened.size());
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Makes a file of {@code size} bytes that is one hole, for its owner alone, or sets an existing
   * one to that size, whoever may read it.
   *
   * @throws IOException when it cannot be made
   */
  public static FileBackend create(Path file, long size, SparseFile.Opener holes)
      throws IOException {
    makeIfMissing(file);
    // A channel can only make a file longer by writing to it, and that byte would be data.
    try (var sized = new RandomAccessFile(file.toFile(), "rw")) {
      sized.setLength(size);
    }
    return open(file, holes);
  }

  private static void makeIfMissing(Path file) throws IOException {
    try {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    } catch (FileAlreadyExistsException e) {
      LOG.debug("{} keeps its mode", file, e);
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    check(offset, dst.remaining());
    while (dst.hasRemaining()) {
      int count = file.read(dst, offset);
      if (count < 0) {
        throw new EOFException("the file was truncated below offset " + offset);
      }
      offset += count;
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    check(offset, src.remaining());
    while (src.hasRemaining()) {
      offset += file.write(src, offset);
    }
  }

  @Override
  public void flush() throws IOException {
    file.force(SteadyFile.Durable.CONTENTS);
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    check(offset, length);
    if (length == 0 || (holes == Holes.ALLOWED && punch(offset, length))) {
      return;
    }
    ByteBuffer zeroes = ZEROES.duplicate();
    while (length > 0) {
      zeroes.position(0).limit((int) Math.min(length, zeroes.capacity()));
      int count = zeroes.remaining();
      write(zeroes, offset);
      offset += count;
      length -= count;
    }
  }

  private boolean punch(long offset, long length) throws IOException {
    try {
      return sparse.punch(offset, length);
    } finally {
      data.forget(offset, offset + length);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Looking for the end of data can mean walking through all of it, so a run that goes on behind
   * the range is remembered: a file that is asked about piece by piece is walked through once.
   */
  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    check(offset, length);
    long end = offset + length;
    if (file.size() < end) {
      // Behind the end a file has no data either, and would be taken for empty there.
      throw new EOFException("the file was truncated below offset " + end);
    }
    while (offset < end) {
      KnownData.Runs known = data.now();
      long dataEnd = known.endOf(offset);
      if (dataEnd < 0) {
        long found = sparse.nextData(offset);
        long start = found < 0 ? end : Math.min(end, found);
        if (start > offset) {
          visitor.visit(offset, start - offset, Extent.Kind.HOLE);
          offset = start;
        }
        if (offset < end) {
          dataEnd = sparse.nextHole(offset);
          if (dataEnd > end) {
            data.learn(known, offset, dataEnd);
          }
        }
      }
      dataEnd = Math.min(end, dataEnd);
      if (dataEnd > offset) {
        visitor.visit(offset, dataEnd - offset, Extent.Kind.DATA);
        offset = dataEnd;
      }
    }
  }

  @Override
  public void close() throws IOException {
    try (sparse) {
      file.close();
    }
  }

  private void check(long offset, long length) throws IOException {
    if (!file.isOpen()) {
      throw new BackendClosedException();
    }
    OutOfRangeException.check(offset, length, size);
  }
}
