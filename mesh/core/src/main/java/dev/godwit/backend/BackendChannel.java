package dev.godwit.backend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;

/**
 * A backend, for example a mount, as a {@link FileChannel}: for programs in the same virtual
 * machine and libraries that want a channel. Every access is a call; the kernel and its page cache
 * are not involved.
 *
 * <p><b>Why it cannot be mapped.</b> A page fault in a mapping stops its thread where the garbage
 * collector cannot stop it. If this virtual machine serves the page as well, and a collection
 * begins meanwhile, both wait for each other for ever. So {@link #map} refuses: use a {@link
 * BackendWindow}, or map the mounted file in another process than the one that serves it.
 *
 * <p>The size is fixed: writing ends at it, as on a full disk, and {@link #truncate} to less is
 * refused. Interrupting a thread does not close the channel. Closing it does not close the backend.
 * Positional reads and writes may be made by several threads; those that move the position are made
 * one after the other.
 */
public final class BackendChannel extends FileChannel {
  private static final int TRANSFER = 1 << 16;

  private final Backend backend;
  private final Access access;
  private final Object moving = new Object();
  private long position;

  /** What may be done. */
  public enum Access {
    /** Reading only. */
    READ,
    /** Reading and writing. */
    WRITE
  }

  /** A channel at position 0. */
  public BackendChannel(Backend backend, Access access) {
    this.backend = backend;
    this.access = access;
  }

  private void check() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  private void checkWritable() throws IOException {
    check();
    if (access == Access.READ) {
      throw new NonWritableChannelException();
    }
  }

  private IOException full() {
    return new IOException("there is no room behind " + backend.size() + " bytes");
  }

  private static void checkCount(long count) {
    if (count < 0) {
      throw new IllegalArgumentException("count " + count);
    }
  }

  private static void checkPosition(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
  }

  /** As many bytes as there are, -1 behind the end. */
  @Override
  public int read(ByteBuffer dst, long offset) throws IOException {
    check();
    checkPosition(offset);
    long left = backend.size() - offset;
    if (left <= 0) {
      return dst.hasRemaining() ? -1 : 0;
    }
    int count = (int) Math.min(left, dst.remaining());
    int limit = dst.limit();
    dst.limit(dst.position() + count);
    try {
      backend.read(dst, offset);
    } finally {
      dst.limit(limit);
    }
    return count;
  }

  /**
   * As many bytes as there is room for.
   *
   * @throws IOException when there is room for none
   */
  @Override
  public int write(ByteBuffer src, long offset) throws IOException {
    checkWritable();
    checkPosition(offset);
    if (!src.hasRemaining()) {
      return 0;
    }
    long room = backend.size() - offset;
    if (room <= 0) {
      throw full();
    }
    int count = (int) Math.min(room, src.remaining());
    int limit = src.limit();
    src.limit(src.position() + count);
    try {
      backend.write(src, offset);
    } finally {
      src.limit(limit);
    }
    return count;
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    synchronized (moving) {
      int count = read(dst, position);
      position += Math.max(0, count);
      return count;
    }
  }

  @Override
  public int write(ByteBuffer src) throws IOException {
    synchronized (moving) {
      int count = write(src, position);
      position += count;
      return count;
    }
  }

  @Override
  public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, dsts.length);
    long total = 0;
    synchronized (moving) {
      for (int i = offset; i < offset + length; i++) {
        if (dsts[i].hasRemaining()) {
          int wanted = dsts[i].remaining();
          int count = read(dsts[i]);
          if (count < 0) {
            return total == 0 ? -1 : total;
          }
          total += count;
          if (count < wanted) {
            return total;
          }
        }
      }
    }
    return total;
  }

  @Override
  public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, srcs.length);
    long total = 0;
    synchronized (moving) {
      for (int i = offset; i < offset + length; i++) {
        int wanted = srcs[i].remaining();
        if (total > 0 && wanted > 0 && position >= backend.size()) {
          return total;
        }
        int count = write(srcs[i]);
        total += count;
        if (count < wanted) {
          return total;
        }
      }
    }
    return total;
  }

  @Override
  public long position() throws IOException {
    check();
    synchronized (moving) {
      return position;
    }
  }

  @Override
  public BackendChannel position(long newPosition) throws IOException {
    check();
    checkPosition(newPosition);
    synchronized (moving) {
      position = newPosition;
    }
    return this;
  }

  @Override
  public long size() throws IOException {
    check();
    return backend.size();
  }

  /**
   * Only moves the position, when it is behind {@code size}: the size is fixed.
   *
   * @throws IOException when {@code size} is less than there is; nothing is changed then
   */
  @Override
  public BackendChannel truncate(long size) throws IOException {
    checkWritable();
    if (size < 0) {
      throw new IllegalArgumentException("size " + size);
    }
    if (size < backend.size()) {
      throw new IOException(
          "The size is fixed: " + backend.size() + " bytes cannot be cut to " + size + ".");
    }
    synchronized (moving) {
      position = Math.min(position, size);
    }
    return this;
  }

  /** Makes what was written durable, as {@link Backend#flush} promises. */
  @Override
  public void force(boolean metaData) throws IOException {
    check();
    if (access == Access.WRITE) {
      backend.flush();
    }
  }

  @Override
  public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
    check();
    checkPosition(from);
    checkCount(count);
    ByteBuffer piece = ByteBuffer.allocate(TRANSFER);
    long done = 0;
    while (done < count) {
      piece.clear().limit((int) Math.min(TRANSFER, count - done));
      if (read(piece, from + done) <= 0) {
        break;
      }
      int length = piece.flip().remaining();
      int written = target.write(piece);
      done += written;
      if (written < length) {
        break;
      }
    }
    return done;
  }

  /**
   * As many bytes as there are and there is room for. Nothing when {@code to} is behind the end, as
   * the contract of {@link FileChannel#transferFrom} says.
   *
   * @throws IOException also when {@code to} is the end: a file would grow, and this cannot
   */
  @Override
  public long transferFrom(ReadableByteChannel source, long to, long count) throws IOException {
    checkWritable();
    checkPosition(to);
    checkCount(count);
    if (count > 0 && to == backend.size()) {
      throw full();
    }
    ByteBuffer piece = ByteBuffer.allocate(TRANSFER);
    long done = 0;
    while (done < count && to + done < backend.size()) {
      long most = Math.min(TRANSFER, Math.min(count - done, backend.size() - to - done));
      piece.clear().limit((int) most);
      if (source.read(piece) <= 0) {
        break;
      }
      done += write(piece.flip(), to + done);
    }
    return done;
  }

  /** Refuses: see the class. */
  @Override
  public MappedByteBuffer map(MapMode mode, long from, long length) {
    throw new UnsupportedOperationException(
        "a mapping that the same virtual machine serves can stop it for ever; use a BackendWindow,"
            + " or map the mounted file in another process");
  }

  /** Refuses: who may write is decided by the lease of the mount. */
  @Override
  public FileLock lock(long from, long length, boolean shared) {
    throw new UnsupportedOperationException("the lease of the mount says who may write");
  }

  /** As {@link #lock(long, long, boolean)}. */
  @Override
  public FileLock tryLock(long from, long length, boolean shared) {
    return lock(from, length, shared);
  }

  @Override
  protected void implCloseChannel() {
    // The backend belongs to whoever opened it.
  }
}
