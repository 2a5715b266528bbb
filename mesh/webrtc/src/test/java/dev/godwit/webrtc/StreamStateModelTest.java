package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import dev.godwit.webrtc.StreamMessage.Data;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two states that talk over two queues, doing anything at any time. */
class StreamStateModelTest {

  /** One side; what it has for the other is on its way in {@link #out}. */
  private static final class Side {
    final StreamState state = new StreamState();
    final ArrayDeque<ByteBuffer> out;
    long written;
    long delivered;
    long read;
    boolean endSeen;
    boolean channelClosed;
    int resetByUs = -1;

    Side() {
      this(new ArrayDeque<>());
    }

    private Side(ArrayDeque<ByteBuffer> out) {
      this.out = out;
    }

    /** The same side in the next stream. */
    Side next() {
      return new Side(out);
    }

    void say(StreamMessage message) {
      out.add(StreamMessage.encode(message));
    }

    void write(Random random) {
      int most = (int) Math.min(state.sendable(), StreamMessage.MAX_PAYLOAD);
      if (most > 0) {
        int bytes = 1 + random.nextInt(most);
        ByteBuffer message = ByteBuffer.allocate(1 + bytes).put(StreamMessage.DATA).clear();
        state.sent(bytes);
        written += bytes;
        out.add(message);
      }
    }

    void read(Random random) {
      if (!state.isReset() && delivered > read) {
        int bytes = (int) Math.min(delivered - read, 1 + random.nextInt(200_000));
        read += bytes;
        grant(state.consumed(bytes));
      }
    }

    void grant(int credit) {
      if (credit > 0) {
        say(new StreamMessage.Window(credit));
      }
    }

    void finish() {
      if (state.finish()) {
        say(new StreamMessage.Fin());
      }
    }

    void reset(int code) {
      if (state.reset(code)) {
        resetByUs = code;
        say(new StreamMessage.Reset(code));
      }
    }

    void receive(ByteBuffer bytes) throws FramingException {
      StreamMessage message = StreamMessage.parse(bytes);
      int length = message instanceof Data data ? data.payload().remaining() : 0;
      switch (state.received(message)) {
        case DELIVER -> {
          assertFalse(endSeen);
          delivered += length;
        }
        case END -> {
          endSeen = true;
          say(new StreamMessage.FinAck());
        }
        case RESET_AND_SAY_SO -> say(new StreamMessage.Reset(state.resetCode()));
        case NONE -> assertTrue(state.sendable() >= 0);
      }
    }
  }

  private static void act(Side side, Random random) {
    switch (random.nextInt(100)) {
      case 0 -> side.finish();
      case 1 -> {
        if (random.nextInt(10) == 0) {
          side.reset(random.nextInt(1000));
        }
      }
      case 2 -> side.grant(side.state.widen(random.nextInt(100_000)));
      default -> {
        if (random.nextBoolean()) {
          side.write(random);
        } else {
          side.read(random);
        }
      }
    }
  }

  private static void deliver(Side from, Side to) throws FramingException {
    ByteBuffer message = from.out.poll();
    if (message != null && !to.channelClosed) {
      to.receive(message);
    }
  }

  @Test
  void nobodyIsFoundOutAndEverythingArrives() {
    Seeds.each(
        300,
        random -> {
          Side a = new Side();
          Side b = new Side();
          for (int step = 0; step < 2000; step++) {
            Side one = random.nextBoolean() ? a : b;
            if (random.nextBoolean()) {
              act(one, random);
            } else {
              deliver(one, one == a ? b : a);
            }
            assertTrue(one.delivered <= (one == a ? b : a).written);
          }
          end(a, b);
        });
  }

  /** The side that opened the channel begins streams, the other one follows. */
  @Test
  void oneStreamFollowsAnotherAndNothingOfTheOldOneComesLater() {
    Seeds.each(
        300,
        random -> {
          Side opener = new Side();
          Side follower = new Side();
          ArrayDeque<Integer> toFollower = new ArrayDeque<>();
          ArrayDeque<Integer> toOpener = new ArrayDeque<>();
          int begun = 0;
          int followed = 0;
          for (int step = 0; step < 4000; step++) {
            if (opener.state.isOver()) {
              opener = opener.next();
              begun++;
            }
            // Without a message of the opener the follower knows nothing of a new stream.
            boolean overThere = follower.state.isOver();
            switch (random.nextInt(overThere ? 3 : 4)) {
              case 0 -> hasten(opener, random);
              case 1 -> {
                if (!toFollower.isEmpty()) {
                  if (overThere) {
                    follower = follower.next();
                    followed++;
                  }
                  assertEquals(followed, toFollower.remove());
                  deliver(opener, follower);
                }
              }
              case 2 -> {
                if (!toOpener.isEmpty()) {
                  assertEquals(begun, toOpener.remove());
                  deliver(follower, opener);
                }
              }
              default -> hasten(follower, random);
            }
            while (toFollower.size() < opener.out.size()) {
              toFollower.add(begun);
            }
            while (toOpener.size() < follower.out.size()) {
              toOpener.add(followed);
            }
          }
          assertTrue(begun > 10, begun + " streams");
        });
  }

  private static void hasten(Side side, Random random) {
    switch (random.nextInt(6)) {
      case 0 -> side.finish();
      case 1 -> side.reset(random.nextInt(1000));
      default -> act(side, random);
    }
  }

  /** Both finish and read on; then everything was read, or both know of a reset. */
  private static void end(Side a, Side b) throws FramingException {
    Random everything = new Random(1);
    a.finish();
    b.finish();
    while (!a.out.isEmpty() || !b.out.isEmpty()) {
      deliver(a, b);
      deliver(b, a);
      a.read(everything);
      b.read(everything);
    }
    for (Side side : new Side[] {a, b}) {
      Side other = side == a ? b : a;
      if (side.resetByUs >= 0) {
        assertTrue(side.state.isOver());
        assertTrue(other.state.isOver());
        assertTrue(other.resetByUs >= 0 || other.state.resetCode() == side.resetByUs);
      }
      if (!side.state.isReset()) {
        assertTrue(side.state.isOver());
        assertEquals(other.written, side.delivered);
      }
    }
  }
}
