package dev.godwit.fuse;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.Extent;
import java.io.IOException;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Does on a backend what a request asks for, and composes the reply. All calls of the kernel except
 * those about the connection itself. Thread-safe.
 */
final class FileOperations {
  private final Backend backend;
  private final long size;
  private final boolean readOnly;
  private final int openFlags;
  private final InstantSource clock;
  private final AtomicReference<FileStatus> status;
  private final AtomicLong opened = new AtomicLong();

  /** Set by writes, and turned into a time when somebody asks: that is cheaper than a clock. */
  private volatile boolean written;

  FileOperations(Backend backend, FuseSettings settings, FileStatus status, InstantSource clock) {
    this.backend = backend;
    this.size = backend.size();
    this.readOnly = settings.access() == FuseSettings.Access.READ_ONLY;
    this.openFlags =
        Protocol.FOPEN_NOFLUSH
            | switch (settings.caching()) {
              case KEPT -> Protocol.FOPEN_KEEP_CACHE;
              case NONE -> Protocol.FOPEN_DIRECT_IO | Protocol.FOPEN_PARALLEL_DIRECT_WRITES;
            };
    this.clock = clock;
    this.status = new AtomicReference<>(status);
  }

  /**
   * Serves one request that is whole and wants an answer.
   *
   * @param buffer where the payload is, and where data go
   * @throws IOException when the backend failed; the reply is not composed then
   */
  void perform(FuseRequest request, FuseBuffer buffer, FuseReply reply) throws IOException {
    long unique = request.unique();
    if (request.opcode() != FuseOpcode.DESTROY
        && request.opcode() != FuseOpcode.UNKNOWN
        && request.node() != Protocol.ROOT) {
      reply.error(unique, FuseError.ENOENT);
      return;
    }
    switch (request.opcode()) {
      case READ -> read(request, buffer, reply);
      case WRITE -> write(request, buffer, reply);
      case GETATTR -> reply.attributes(unique, size, settled());
      case SETATTR -> set(request, reply);
      case OPEN -> open(request, reply);
      case STATFS -> reply.statistics(unique, size);
      case RELEASE -> {
        var _ = opened.decrementAndGet();
        reply.done(unique);
      }
      case DESTROY -> reply.done(unique);
      case FSYNC -> {
        if (!readOnly) {
          backend.flush();
        }
        reply.done(unique);
      }
      case FALLOCATE -> allocate(request, reply);
      case LSEEK -> seek(request, reply);
      case UNKNOWN, FORGET, BATCH_FORGET, INTERRUPT, INIT -> reply.error(unique, FuseError.ENOSYS);
    }
  }

  /** How often the file is open, by whomever and wherever: a mapping counts until it is gone. */
  long opened() {
    return opened.get();
  }

  private void read(FuseRequest request, FuseBuffer buffer, FuseReply reply) throws IOException {
    int count = inside(request);
    if (count > 0) {
      backend.read(buffer.data(count), request.offset());
    }
    reply.data(request.unique(), count);
  }

  private void write(FuseRequest request, FuseBuffer buffer, FuseReply reply) throws IOException {
    int count = inside(request);
    if (readOnly) {
      reply.error(request.unique(), FuseError.EROFS);
    } else if (count == 0 && request.length() > 0) {
      reply.error(request.unique(), FuseError.ENOSPC);
    } else {
      backend.write(buffer.data(count), request.offset());
      touch();
      reply.written(request.unique(), count);
    }
  }

  /** How many of the request's bytes are before the end of the file. */
  private int inside(FuseRequest request) {
    return (int) Math.clamp(size - request.offset(), 0, request.length());
  }

  /** The file is not what it was, also where that is not seen as a write here. */
  void touch() {
    // Reading first: a line of memory that all threads write to would be passed around.
    if (!written) {
      written = true;
    }
  }

  /** The status with the time of the last write in it. */
  private FileStatus settled() {
    if (!written) {
      return status.get();
    }
    // Before looking at the clock: a write that comes now is told by the next call.
    written = false;
    return status.updateAndGet(old -> old.written(clock.instant()));
  }

  private void set(FuseRequest request, FuseReply reply) {
    if (readOnly) {
      reply.error(request.unique(), FuseError.EROFS);
      return;
    }
    if ((request.flags() & Protocol.FATTR_SIZE) != 0 && request.size() != size) {
      reply.error(request.unique(), request.size() < size ? FuseError.EPERM : FuseError.EFBIG);
      return;
    }
    var _ = settled();
    FileStatus now = status.updateAndGet(old -> old.set(request, clock.instant()));
    reply.attributes(request.unique(), size, now);
  }

  private void open(FuseRequest request, FuseReply reply) {
    boolean writes = (request.flags() & Protocol.O_ACCMODE) != 0;
    if (readOnly && writes) {
      reply.error(request.unique(), FuseError.EROFS);
      return;
    }
    // A program in a direct read of ours can be killed, one in the kernel's own kind cannot. Those
    // who write get the kernel's own, which clears the cache after a write and not only before.
    boolean direct = !writes && (request.flags() & Protocol.O_DIRECT) != 0;
    var _ = opened.incrementAndGet();
    reply.opened(request.unique(), direct ? openFlags | Protocol.FOPEN_DIRECT_IO : openFlags);
  }

  private void allocate(FuseRequest request, FuseReply reply) throws IOException {
    long unique = request.unique();
    boolean keepsSize = (request.mode() & Protocol.FALLOC_KEEP_SIZE) != 0;
    int what = request.mode() & ~Protocol.FALLOC_KEEP_SIZE;
    if (readOnly) {
      reply.error(unique, FuseError.EROFS);
    } else if (what != Protocol.FALLOC_PUNCH_HOLE && what != Protocol.FALLOC_ZERO_RANGE) {
      reply.error(unique, FuseError.EOPNOTSUPP);
    } else if (!keepsSize && request.offset() + request.length() > size) {
      reply.error(unique, FuseError.EFBIG);
    } else {
      long count = Math.clamp(size - request.offset(), 0, request.length());
      if (count > 0) {
        Holes holes = what == Protocol.FALLOC_PUNCH_HOLE ? Holes.ALLOWED : Holes.FORBIDDEN;
        backend.zero(request.offset(), count, holes);
        touch();
      }
      reply.done(unique);
    }
  }

  private void seek(FuseRequest request, FuseReply reply) throws IOException {
    long unique = request.unique();
    long from = request.offset();
    if (request.mode() != Protocol.SEEK_DATA && request.mode() != Protocol.SEEK_HOLE) {
      reply.error(unique, FuseError.EINVAL);
      return;
    }
    boolean wantsData = request.mode() == Protocol.SEEK_DATA;
    // The end of the file counts as a hole.
    long found = wantsData ? -1 : size;
    if (from < size) {
      var first = new FirstRun(wantsData ? Extent.Kind.DATA : Extent.Kind.HOLE);
      try {
        backend.extents(from, size - from, first);
      } catch (FirstRun.Found e) {
        found = e.offset();
      }
    }
    if (from >= size || found < 0) {
      reply.error(unique, FuseError.ENXIO);
    } else {
      reply.position(unique, found);
    }
  }

  /** Ends a walk at the first run of a kind. */
  private static final class FirstRun implements Backend.ExtentVisitor {
    private final Extent.Kind wanted;

    FirstRun(Extent.Kind wanted) {
      this.wanted = wanted;
    }

    @Override
    public void visit(long offset, long length, Extent.Kind kind) throws Found {
      if (kind == wanted) {
        throw new Found(offset);
      }
    }

    /** Says where; not a failure, so it carries no stack trace. */
    private static final class Found extends IOException {
      private static final long serialVersionUID = 1L;

      private final long offset;

      Found(long offset) {
        this.offset = offset;
      }

      long offset() {
        return offset;
      }

      @Override
      public synchronized Throwable fillInStackTrace() {
        return this;
      }
    }
  }
}
