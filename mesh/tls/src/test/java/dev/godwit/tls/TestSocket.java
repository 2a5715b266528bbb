package dev.godwit.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a channel writes, unless it is full. Stands before an embedded channel, whose own
 * writes would run tasks of the event loop at moments at which a real one never does.
 */
final class TestSocket extends ChannelOutboundHandlerAdapter {
  private record Write(ByteBuf message, ChannelPromise promise) {}

  private final Queue<Write> waiting = new ArrayDeque<>();
  private final Deque<ByteBuf> taken = new ArrayDeque<>();
  private boolean full;

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    waiting.add(new Write((ByteBuf) message, promise));
  }

  @Override
  public void flush(ChannelHandlerContext context) {
    while (!full) {
      Write next = waiting.poll();
      if (next == null) {
        return;
      }
      taken.add(next.message);
      boolean _ = next.promise.trySuccess();
    }
  }

  /** Takes nothing more. */
  void fill() {
    full = true;
  }

  /** Takes what waits and everything that comes. */
  void drain(ChannelHandlerContext context) {
    full = false;
    flush(context);
  }

  /** Bytes that it was given and did not take. */
  long waitingBytes() {
    return waiting.stream().mapToLong(write -> write.message.readableBytes()).sum();
  }

  /** The next message that it took; the caller releases it. */
  @Nullable ByteBuf poll() {
    return taken.poll();
  }

  /** Lets go of all messages. */
  void release() {
    for (Write write : waiting) {
      write.message.release();
    }
    for (ByteBuf message : taken) {
      message.release();
    }
    waiting.clear();
    taken.clear();
  }
}
