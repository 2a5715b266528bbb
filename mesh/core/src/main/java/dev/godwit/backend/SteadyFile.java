package dev.godwit.backend;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A file that stays open when a thread that uses it is interrupted. A {@link FileChannel} is closed
 * by that for everybody; here it is opened again, what was going on is done again, and the thread
 * is still interrupted afterwards. Thread-safe.
 *
 * <p><b>A failed {@link #force} is remembered.</b> Linux tells every descriptor once that writing
 * back has failed, and takes the pages for clean from then on; whoever asks again is told that all
 * is well. Here every later call fails until the file is opened anew. An interruption can swallow
 * that one answer, so a second descriptor, opened as early, takes the place of one that it closes.
 */
public final class SteadyFile implements Closeable {
  private final Path path;

  /** Which file it was: another one of the same name is not taken for it. */
  private final @Nullable Object key;

  private final AtomicReference<Channels> channels;
  private final FlushMemory forced;
  private volatile boolean closed;

  private SteadyFile(Path path, @Nullable Object key, Channels channels) {
    this.path = path;
    this.key = key;
    this.channels = new AtomicReference<>(channels);
    this.forced = new FlushMemory(path.toString());
  }

  /**
   * The same file twice.
   *
   * @param used does the work
   * @param spare takes its place, and has not been told of any error
   */
  private record Channels(FileChannel used, FileChannel spare) implements Closeable {
    static Channels open(Path path, Set<OpenOption> options) throws IOException {
      FileChannel used = FileChannel.open(path, options);
      try {
        return new Channels(used, another(path));
      } catch (IOException e) {
        used.close();
        throw e;
      }
    }

    static FileChannel another(Path path) throws IOException {
      return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @Override
    public void close() throws IOException {
      try (spare) {
        used.close();
      }
    }
  }

  /**
   * Opens a file for reading and writing.
   *
   * @param more how else to open it
   * @throws IOException when it cannot be opened
   */
  public static SteadyFile open(Path path, OpenOption... more) throws IOException {
    Set<OpenOption> options =
        new HashSet<>(Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    options.addAll(Set.of(more));
    Channels channels = Channels.open(path, options);
    try {
      return new SteadyFile(path, key(path), channels);
    } catch (IOException e) {
      channels.close();
      throw e;
    }
  }

  private static @Nullable Object key(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  /** What is done with a channel; may be done again. */
  @FunctionalInterface
  private interface Work {
    long with(FileChannel channel) throws IOException;
  }

  private long steadily(Work work) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        Channels now = channels.get();
        try {
          return work.with(now.used());
        } catch (ClosedChannelException e) {
          // By this thread's interruption, or by another's, or for good.
          interrupted |= Thread.interrupted();
          reopen(now, e);
        } catch (FileSystemException e) {
          throw e;
        } catch (IOException e) {
          // The system says what, but not with which file.
          throw (IOException)
              new FileSystemException(path.toString(), null, e.getMessage()).initCause(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // Whether it is that very pair that was closed.
  private void reopen(Channels old, ClosedChannelException cause) throws IOException {
    if (closed) {
      throw (IOException) new BackendClosedException().initCause(cause);
    }
    if (channels.get() != old) {
      // Somebody else has done it.
      return;
    }
    FileChannel fresh = Channels.another(path);
    if (!Objects.equals(key, key(path))) {
      fresh.close();
      throw new IOException(path + " was replaced by another file", cause);
    }
    Channels next = new Channels(old.spare(), fresh);
    if (!channels.compareAndSet(old, next)) {
      fresh.close();
    } else if (closed) {
      next.close();
    }
  }

  /** Whether it was not closed. */
  public boolean isOpen() {
    return !closed;
  }

  /** As {@link FileChannel#size()}. */
  public long size() throws IOException {
    return steadily(FileChannel::size);
  }

  /** As {@link FileChannel#read(ByteBuffer, long)}. */
  public int read(ByteBuffer dst, long offset) throws IOException {
    int from = dst.position();
    return (int) steadily(now -> now.read(dst.position(from), offset));
  }

  /** As {@link FileChannel#write(ByteBuffer, long)}. */
  public int write(ByteBuffer src, long offset) throws IOException {
    int from = src.position();
    return (int) steadily(now -> now.write(src.position(from), offset));
  }

  /** As {@link FileChannel#truncate(long)}. */
  public void truncate(long size) throws IOException {
    long _ = steadily(now -> now.truncate(size).size());
  }

  /** What {@link #force} makes durable. */
  public enum Durable {
    /** The contents, and what it takes to find them. */
    CONTENTS,
    /** Everything. */
    EVERYTHING
  }

  /**
   * As {@link FileChannel#force(boolean)}. Fails when the file does not have its name any more:
   * what is durable in it, nobody will find.
   *
   * @throws FlushFailedException when this one or one before has failed
   */
  public void force(Durable what) throws IOException {
    forced.flush(
        () -> {
          long _ =
              steadily(
                  now -> {
                    now.force(what == Durable.EVERYTHING);
                    return 0;
                  });
          checkName();
        });
  }

  private void checkName() throws IOException {
    try {
      if (Objects.equals(key, key(path))) {
        return;
      }
    } catch (NoSuchFileException e) {
      throw new IOException("it was removed, or has another name now", e);
    }
    throw new IOException("another file has its name now");
  }

  @Override
  public void close() throws IOException {
    closed = true;
    channels.get().close();
  }
}
