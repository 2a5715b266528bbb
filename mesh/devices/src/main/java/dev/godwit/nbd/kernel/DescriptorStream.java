package dev.godwit.nbd.kernel;

import dev.godwit.libc.Deadline;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import dev.godwit.stream.ByteStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * A connected socket as a stream, for a handshake that has to end by a deadline. The JDK's sockets
 * do not give away their number, which the kernel wants. For one thread.
 */
final class DescriptorStream implements ByteStream {
  private static final int BUFFER_BYTES = 8 << 10;

  private final SystemCalls calls;
  private final int socket;
  private final Deadline deadline;
  private final MemorySegment memory;

  /**
   * @param socket stays the caller's to close
   * @param arena where a buffer is made
   * @param deadline for everything together
   */
  DescriptorStream(SystemCalls calls, int socket, Arena arena, Deadline deadline) {
    this.calls = calls;
    this.socket = socket;
    this.deadline = deadline;
    this.memory = arena.allocate(BUFFER_BYTES, 8);
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    long most = Math.min(memory.byteSize(), dst.remaining());
    if (most == 0) {
      return 0;
    }
    while (true) {
      prepare("read", LibC.SO_RCVTIMEO);
      long got = calls.libc().recv(socket, memory.address(), most, 0);
      if (got > 0) {
        dst.put(memory.asSlice(0, got).asByteBuffer());
        return (int) got;
      }
      if (got == 0) {
        return -1;
      }
      refuseUnlessEarly("read");
    }
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    for (ByteBuffer src : srcs) {
      while (src.hasRemaining()) {
        int piece = (int) Math.min(memory.byteSize(), src.remaining());
        memory.asSlice(0, piece).copyFrom(MemorySegment.ofBuffer(src.slice(src.position(), piece)));
        prepare("write", LibC.SO_SNDTIMEO);
        long sent = calls.libc().send(socket, memory.address(), piece, LibC.MSG_NOSIGNAL);
        if (sent < 0) {
          refuseUnlessEarly("write");
        } else {
          src.position(src.position() + (int) sent);
        }
      }
    }
  }

  private void prepare(String operation, int option) throws IOException {
    if (deadline.isOver()) {
      throw new SocketTimeoutException(operation + ": the server takes too long");
    }
    SocketOptions.timeout(calls, socket, option, deadline.left().plusMillis(1));
  }

  /** Throws unless the call only has to be made again, or to find that the time is over. */
  private void refuseUnlessEarly(String operation) throws IOException {
    int error = calls.lastError();
    if (error != LibC.EINTR && error != LibC.EAGAIN) {
      throw calls.failure(operation, error);
    }
  }

  @Override
  public void finish() {
    reset(0);
  }

  @Override
  public void reset(int code) {
    // It may have ended already; there is nothing more to be done then.
    var _ = calls.libc().shutdown(socket, LibC.SHUT_RDWR);
  }

  /** The deadline stays as it is. */
  @Override
  public void timeout(Duration timeout) {
    throw new UnsupportedOperationException("the deadline is fixed");
  }

  @Override
  public void close() {
    reset(0);
  }
}
