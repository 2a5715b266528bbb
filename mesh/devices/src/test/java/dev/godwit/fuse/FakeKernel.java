package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.godwit.testing.Patience;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A device without a kernel: hands out what a test has prepared and keeps what is answered. */
final class FakeKernel implements FuseDevice {
  /** An empty one is the end. */
  private final BlockingQueue<Optional<ByteBuffer>> requests = new LinkedBlockingQueue<>();

  private final BlockingQueue<ByteBuffer> replies = new LinkedBlockingQueue<>();

  @Override
  public int read(FuseBuffer into) {
    try {
      Optional<ByteBuffer> next = requests.take();
      if (next.isEmpty()) {
        end();
        return -1;
      }
      ByteBuffer request = next.get();
      int count = request.remaining();
      into.request().put(0, request, request.position(), count);
      return count;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  @Override
  public void write(FuseBuffer from, int length) {
    ByteBuffer copy = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    copy.put(0, from.reply(), 0, length);
    replies.add(copy);
  }

  @Override
  public void close() {}

  /** The mount has ended. */
  void end() {
    requests.add(Optional.empty());
  }

  void send(ByteBuffer request) {
    requests.add(Optional.of(request));
  }

  /** The next reply, whoever it is for. */
  ByteBuffer reply() throws InterruptedException {
    ByteBuffer reply = replies.poll(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS);
    assertNotNull(reply, "no reply came");
    assertEquals(reply.capacity(), reply.getInt(0), "the length in the header");
    return reply;
  }

  /** How many replies wait to be looked at. */
  int replies() {
    return replies.size();
  }

  /** A request of the file itself. */
  static ByteBuffer request(int opcode, long unique, ByteBuffer body) {
    return request(opcode, unique, Protocol.ROOT, body);
  }

  static ByteBuffer request(int opcode, long unique, long node, ByteBuffer body) {
    int length = Protocol.IN_HEADER + body.remaining();
    ByteBuffer all = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    all.putInt(length).putInt(opcode).putLong(unique).putLong(node);
    return all.put(Protocol.IN_HEADER, body, body.position(), body.remaining()).position(0);
  }

  /** Zeroes for a request's body. */
  static ByteBuffer body(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
  }

  static ByteBuffer init(int major, int minor, int readAhead, long flags) {
    return request(
        26,
        1,
        0,
        body(64)
            .putInt(0, major)
            .putInt(4, minor)
            .putInt(8, readAhead)
            .putInt(12, (int) flags)
            .putInt(16, (int) (flags >>> 32)));
  }

  static ByteBuffer read(long unique, long offset, int size) {
    return request(15, unique, body(40).putLong(8, offset).putInt(16, size));
  }

  static ByteBuffer write(long unique, long offset, byte[] data) {
    ByteBuffer body = body(40 + data.length).putLong(8, offset).putInt(16, data.length);
    return request(16, unique, body.put(40, data));
  }

  static ByteBuffer allocate(long unique, int mode, long offset, long length) {
    return request(43, unique, body(32).putLong(8, offset).putLong(16, length).putInt(24, mode));
  }

  static ByteBuffer seek(long unique, int whence, long offset) {
    return request(46, unique, body(24).putLong(8, offset).putInt(16, whence));
  }

  static ByteBuffer interrupt(long target) {
    return request(36, target | 1, 0, body(8).putLong(0, target));
  }
}
