package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.StagedBackend;
import dev.godwit.stream.ByteStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thousands of clients that send rubbish, mostly well-formed rubbish. */
final class GarbageTest {
  private static final int CLIENTS = 1000;
  private static final int SIZE = 100_003;

  /** A client that says what it has prepared and listens to nothing. */
  private static final class Recorded implements ByteStream {
    private final ByteBuffer input;
    private final int step;
    private boolean closed;

    Recorded(ByteBuffer input, int step) {
      this.input = input;
      this.step = step;
    }

    @Override
    public int read(ByteBuffer dst) {
      if (!input.hasRemaining() || closed) {
        return -1;
      }
      int count = Math.min(step, Math.min(dst.remaining(), input.remaining()));
      dst.put(input.slice(input.position(), count));
      input.position(input.position() + count);
      return count;
    }

    @Override
    public void write(ByteBuffer... srcs) throws IOException {
      for (ByteBuffer src : srcs) {
        src.position(src.limit());
      }
    }

    @Override
    public void finish() {}

    @Override
    public void reset(int code) {
      closed = true;
    }

    @Override
    public void timeout(Duration timeout) {}

    @Override
    public void close() {
      closed = true;
    }
  }

  private static ByteBuffer rubbish(Random random) {
    ByteBuffer out = ByteBuffer.allocate(1 << 20);
    out.putInt(random.nextInt(20) == 0 ? random.nextInt() : random.nextInt(4));
    int options = random.nextInt(8);
    for (int i = 0; i < options; i++) {
      out.putLong(random.nextInt(50) == 0 ? random.nextLong() : Protocol.OPTION_MAGIC);
      out.putInt(random.nextInt(10) == 0 ? random.nextInt() : random.nextInt(14));
      byte[] data = new byte[random.nextInt(40)];
      if (random.nextBoolean()) {
        random.nextBytes(data);
      }
      out.putInt(random.nextInt(50) == 0 ? random.nextInt() : data.length).put(data);
    }
    if (random.nextBoolean()) {
      out.putLong(Protocol.OPTION_MAGIC).putInt(Protocol.OPT_STRUCTURED_REPLY).putInt(0);
      byte[] context = RawClient.contextData("", Protocol.BASE_ALLOCATION);
      out.putLong(Protocol.OPTION_MAGIC)
          .putInt(Protocol.OPT_SET_META_CONTEXT)
          .putInt(context.length)
          .put(context);
    }
    out.putLong(Protocol.OPTION_MAGIC).putInt(Protocol.OPT_GO).putInt(0);
    int requests = random.nextInt(40);
    for (int i = 0; i < requests; i++) {
      out.putInt(random.nextInt(60) == 0 ? random.nextInt() : Protocol.REQUEST_MAGIC);
      out.putShort((short) (random.nextInt(3) == 0 ? random.nextInt() : 0));
      int type = random.nextInt(10) == 0 ? random.nextInt() : random.nextInt(9);
      out.putShort((short) type);
      out.putLong(random.nextLong());
      out.putLong(random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(SIZE));
      int count = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(9000);
      out.putInt(count);
      if (type == Protocol.CMD_WRITE && random.nextInt(20) != 0) {
        byte[] payload = new byte[Math.clamp(count, 0, 9000)];
        random.nextBytes(payload);
        out.put(payload);
      }
    }
    return out.flip();
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void everyClientIsServedOrDroppedAndNothingElseHappens(Latency latency) throws IOException {
    long base = new Random().nextLong();
    var backend = new StagedBackend(SIZE, latency);
    var limits = new NbdLimits(Duration.ofSeconds(30), 64, 64 << 20, Duration.ofSeconds(30));
    var server =
        new NbdServer(ExportTable.of(Export.of("", backend)), limits, InstantSource.system());
    for (int i = 0; i < CLIENTS; i++) {
      long seed = base + i;
      var random = new Random(seed);
      try {
        server.handle(new Recorded(rubbish(random), 1 + random.nextInt(5000)));
      } catch (IOException e) {
        // The client broke the protocol and was told so by the end of its connection.
      } catch (RuntimeException | Error e) {
        fail("seed " + seed + ", " + latency, e);
      }
    }
    assertEquals(SIZE, backend.size());
    ByteBuffer all = ByteBuffer.allocate(SIZE);
    backend.read(all, 0);
    assertEquals(0, all.remaining());
  }
}
