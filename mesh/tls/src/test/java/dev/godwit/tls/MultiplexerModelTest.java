package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.StreamTimeoutException;
import dev.godwit.testing.Seeds;
import dev.godwit.tls.Multiplexer.Side;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two multiplexers, many streams, and a network that cuts the bytes anywhere. */
@Timeout(120)
class MultiplexerModelTest {
  /** More than this not read by the peer would block the writer. */
  private static final int OUTSTANDING = 400_000;

  /** One end of the connection. */
  private static final class End {
    private final TestSocket socket = new TestSocket();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Queue<ByteStream> incoming = new ArrayDeque<>();
    private final Multiplexer multiplexer;
    private final Deque<ByteBuf> wire = new ArrayDeque<>();

    End(Side side) {
      multiplexer = new Multiplexer(channel, side, incoming::add);
      channel.freezeTime();
      channel.pipeline().addLast(socket, multiplexer);
    }

    void collect() {
      channel.runPendingTasks();
      for (ByteBuf out = socket.poll(); out != null; out = socket.poll()) {
        wire.add(out);
      }
    }
  }

  /** One direction of a stream. */
  private static final class Half {
    private final ByteStream from;
    private final ByteStream to;
    private final int seed;
    private int written;
    private int read;
    private boolean finished;
    private boolean ended;

    Half(ByteStream from, ByteStream to, int seed) {
      this.from = from;
      this.to = to;
      this.seed = seed;
      to.timeout(Duration.ofNanos(1));
    }

    private byte at(int position) {
      return (byte) (((position + seed) * 0x9E3779B1) >>> 24);
    }

    void write(int most) throws IOException {
      int count = Math.min(most, OUTSTANDING - (written - read));
      if (finished || count <= 0) {
        return;
      }
      ByteBuffer bytes = ByteBuffer.allocate(count);
      while (bytes.hasRemaining()) {
        bytes.put(at(written++));
      }
      from.write(bytes.flip());
    }

    void finish() throws IOException {
      finished = true;
      from.finish();
    }

    /** Reads what has come; false when that was nothing. */
    boolean read(int most) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(most);
      int count;
      try {
        count = ended ? -1 : to.read(bytes);
      } catch (StreamTimeoutException e) {
        return false;
      }
      if (count < 0) {
        boolean first = !ended;
        ended = true;
        return first;
      }
      for (int i = 0; i < count; i++) {
        assertEquals(at(read++), bytes.get(i));
      }
      return true;
    }
  }

  /** A connection whose frames arrive when the test says so. */
  private static final class Model {
    private final Random random;
    private final End left = new End(Side.DIALLER);
    private final End right = new End(Side.ACCEPTOR);
    private final List<Half> halves = new ArrayList<>();

    Model(Random random) {
      this.random = random;
    }

    void step() throws IOException {
      switch (random.nextInt(10)) {
        case 0 -> {
          if (halves.size() < 20) {
            open(random.nextBoolean() ? left : right);
          }
        }
        case 1, 2, 3 -> any().write(1 + random.nextInt(150_000));
        case 4, 5, 6 -> any().read(1 + random.nextInt(300_000));
        case 7 -> {
          if (random.nextInt(20) == 0) {
            any().finish();
          }
        }
        case 8 -> move(left, right);
        default -> move(right, left);
      }
    }

    private Half any() throws IOException {
      if (halves.isEmpty()) {
        open(left);
      }
      return halves.get(random.nextInt(halves.size()));
    }

    /** The other end has the stream once everything on its way has arrived. */
    private void open(End opener) throws IOException {
      End other = opener == left ? right : left;
      ByteStream mine =
          opener.multiplexer.open(random.nextBoolean() ? Urgency.DEMAND : Urgency.BULK);
      mine.write(ByteBuffer.allocate(1));
      while (other.incoming.isEmpty()) {
        move(opener, other);
      }
      ByteStream theirs = other.incoming.remove();
      ByteBuffer first = ByteBuffer.allocate(1);
      while (first.hasRemaining()) {
        try {
          theirs.timeout(Duration.ofNanos(1));
          int _ = theirs.read(first);
        } catch (StreamTimeoutException e) {
          move(opener, other);
        }
      }
      halves.add(new Half(mine, theirs, random.nextInt()));
      halves.add(new Half(theirs, mine, random.nextInt()));
    }

    /** Some of the bytes on their way arrive. */
    private void move(End from, End to) {
      from.collect();
      for (int i = random.nextInt(6); i >= 0 && !from.wire.isEmpty(); i--) {
        ByteBuf first = from.wire.element();
        int count = 1 + random.nextInt(first.readableBytes());
        to.channel.writeInbound(first.readRetainedSlice(count));
        if (!first.isReadable()) {
          from.wire.remove().release();
        }
      }
      to.channel.runPendingTasks();
    }

    void end() throws IOException {
      for (Half half : halves) {
        half.finish();
      }
      boolean moved = true;
      while (moved) {
        moved = false;
        left.collect();
        right.collect();
        while (!left.wire.isEmpty() || !right.wire.isEmpty()) {
          moved = true;
          move(left, right);
          move(right, left);
        }
        for (Half half : halves) {
          while (half.read(300_000)) {
            moved = true;
          }
        }
      }
      for (Half half : halves) {
        assertTrue(half.ended, "a stream did not end");
        assertEquals(half.written, half.read);
      }
      assertFalse(left.multiplexer.closed().isDone(), () -> left.multiplexer.closed().join());
      assertFalse(right.multiplexer.closed().isDone(), () -> right.multiplexer.closed().join());
    }

    void close() {
      for (End end : List.of(left, right)) {
        var _ = end.channel.close();
        end.collect();
        end.wire.forEach(ByteBuf::release);
        end.socket.release();
      }
    }
  }

  @Test
  void everyByteArrivesInOrderAndNothingGetsStuck() {
    Seeds.each(
        60,
        random -> {
          Model model = new Model(random);
          try {
            for (int step = 0; step < 400; step++) {
              model.step();
            }
            model.end();
          } finally {
            model.close();
          }
        });
  }
}
