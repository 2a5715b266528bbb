package dev.godwit.fuse;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The memory of one request and its reply, outside the heap. Data begin at a page in both
 * directions, so the kernel copies whole pages: the payload of a WRITE, and what a READ returns
 * right behind the header of its reply. The reply's header lies over the end of the request's.
 * Owned by one thread at a time.
 */
final class FuseBuffer {
  private static final int PAGE = 4096;

  private static final int REQUEST_AT = PAGE - Protocol.WRITE_PAYLOAD;
  private static final int REPLY_AT = PAGE - Protocol.OUT_HEADER;

  private final ByteBuffer request;
  private final ByteBuffer reply;
  private final ByteBuffer data;
  private final long address;

  /** Memory for any request: the kernel hands none out to anybody who has less room. */
  FuseBuffer() {
    this(Protocol.MAX_TRANSFER);
  }

  private FuseBuffer(int transfer) {
    ByteBuffer whole = ByteBuffer.allocateDirect(2 * PAGE + transfer).alignedSlice(PAGE);
    this.request = slice(whole, REQUEST_AT, Protocol.WRITE_PAYLOAD + transfer);
    this.reply = slice(whole, REPLY_AT, Protocol.OUT_HEADER + transfer);
    this.data = whole.slice(PAGE, transfer);
    this.address = MemorySegment.ofBuffer(whole).address();
  }

  /** Memory for what we say without being asked, a page at most; no request may go there. */
  static FuseBuffer forMessages() {
    return new FuseBuffer(PAGE);
  }

  private static ByteBuffer slice(ByteBuffer whole, int at, int length) {
    return whole.slice(at, length).order(ByteOrder.nativeOrder());
  }

  /** The whole request: header, body, and the payload of a WRITE. */
  ByteBuffer request() {
    return request;
  }

  /** The whole reply: header, then body or data. */
  ByteBuffer reply() {
    return reply;
  }

  /** The first {@code length} bytes of a request's payload or of a reply's data. */
  ByteBuffer data(int length) {
    return data.clear().limit(length);
  }

  /** Where in memory a request goes. */
  long requestAddress() {
    return address + REQUEST_AT;
  }

  /** Where in memory a reply begins. */
  long replyAddress() {
    return address + REPLY_AT;
  }

  /** Room for a request, bytes. */
  int requestCapacity() {
    return request.capacity();
  }
}
