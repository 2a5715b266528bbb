package dev.godwit.wire;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.PooledBuffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames to a stream, one at a time. Thread-safe: the lock is what makes frames of several
 * threads follow each other, and guards nothing else.
 */
public final class FrameWriter {
  /** Room in front of the content of a buffer given to {@link #send}. */
  public static final int HEADROOM = 512;

  private final ByteStream stream;
  private final ReentrantLock lock = new ReentrantLock(true);

  /** Writes to {@code stream}, which stays the caller's to close. */
  public FrameWriter(ByteStream stream) {
    this.stream = stream;
  }

  /**
   * Writes a frame. The header's lengths of control and content are set here; its encoding and
   * checksum are the caller's.
   *
   * @param content the encoded content, or null for none
   */
  public void write(FrameHeader header, @Nullable MessageLite control, @Nullable ByteBuffer content)
      throws IOException {
    int controlLength = control == null ? 0 : control.getSerializedSize();
    ByteBuffer front = ByteBuffer.allocate(FrameHeader.BYTES + controlLength);
    header.control(controlLength).encode(front);
    put(control, front);
    front.flip();
    lock.lock();
    try {
      if (content == null || !content.hasRemaining()) {
        stream.write(front);
      } else {
        stream.write(front, content);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes a frame whose content is in a pooled buffer, from {@link #HEADROOM} to its limit, and
   * takes the buffer over. Header and control part go into the room in front, so that everything
   * leaves in one piece.
   *
   * @param control at most {@link #HEADROOM} less a header when serialized, or null
   * @return how long the stream took it, in nanoseconds, without the wait for other frames' turns
   */
  public long send(FrameHeader header, @Nullable MessageLite control, PooledBuffer buffer)
      throws IOException {
    int controlLength = control == null ? 0 : control.getSerializedSize();
    ByteBuffer bytes = buffer.bytes();
    int start = HEADROOM - FrameHeader.BYTES - controlLength;
    if (start < 0) {
      buffer.close();
      throw new IllegalArgumentException("control part of " + controlLength + " bytes");
    }
    bytes.position(start);
    header.control(controlLength).encode(bytes);
    put(control, bytes);
    bytes.position(start);
    lock.lock();
    try {
      long began = System.nanoTime();
      stream.send(buffer);
      return System.nanoTime() - began;
    } finally {
      lock.unlock();
    }
  }

  private static void put(@Nullable MessageLite control, ByteBuffer dst) {
    if (control == null) {
      return;
    }
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(dst);
      control.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("a buffer of the message's own size overflowed", e);
    }
  }
}
