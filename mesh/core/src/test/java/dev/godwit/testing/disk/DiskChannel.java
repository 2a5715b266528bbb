package dev.godwit.testing.disk;

import dev.godwit.testing.disk.FailingDisk.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A descriptor of a file, or of a folder, on a failing disk. */
final class DiskChannel extends FileChannel {
  private final FailingDisk disk;
  private final Path path;
  private final FileChannel real;
  private final DiskFile file;
  private final Operation force;
  private int seen;

  DiskChannel(FailingDisk disk, Path path, FileChannel real) throws IOException {
    this.disk = disk;
    this.path = path;
    this.real = real;
    this.file = disk.file(path);
    this.force = Files.isDirectory(path) ? Operation.FORCE_FOLDER : Operation.FORCE;
    this.seen = file.errors();
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    return real.read(dst);
  }

  @Override
  public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
    return real.read(dsts, offset, length);
  }

  @Override
  public int read(ByteBuffer dst, long position) throws IOException {
    return real.read(dst, position);
  }

  @Override
  public int write(ByteBuffer src) throws IOException {
    int count = write(src, real.position());
    real.position(real.position() + count);
    return count;
  }

  @Override
  public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
    long all = 0;
    for (int i = offset; i < offset + length; i++) {
      all += write(srcs[i]);
    }
    return all;
  }

  @Override
  public int write(ByteBuffer src, long position) throws IOException {
    disk.call(Operation.WRITE, path);
    file.dirty(real, position, src.remaining());
    return real.write(src, position);
  }

  @Override
  public long position() throws IOException {
    return real.position();
  }

  @Override
  public FileChannel position(long newPosition) throws IOException {
    real.position(newPosition);
    return this;
  }

  @Override
  public long size() throws IOException {
    return real.size();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    disk.call(Operation.TRUNCATE, path);
    real.truncate(size);
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    if (disk.fails(force, path)) {
      file.failed();
    } else {
      file.written();
    }
    int now = file.errors();
    boolean unseen = seen != now;
    seen = now;
    if (Thread.currentThread().isInterrupted()) {
      // Whatever the system said.
      close();
      throw new ClosedByInterruptException();
    }
    if (unseen) {
      throw FailingDisk.failure(path);
    }
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferFrom(ReadableByteChannel src, long position, long count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    return real.lock(position, size, shared);
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return real.tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    real.close();
  }
}
