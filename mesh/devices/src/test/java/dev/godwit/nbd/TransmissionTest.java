package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.BackendClosedException;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.StagedBackend;
import dev.godwit.backend.WalkedFile;
import dev.godwit.nbd.Negotiated.Replies;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TransmissionTest {
  private static final int SIZE = (4 << 20) + 123;

  @TempDir Path directory;

  static Stream<Arguments> combinations() {
    return Stream.of(Latency.values())
        .flatMap(latency -> Stream.of(Replies.values()).map(r -> Arguments.of(latency, r)));
  }

  /** A served backend with a client on it. */
  private final class Bench implements AutoCloseable {
    private final StagedBackend backend;
    private final ServedExports served;
    private final RawClient client;

    Bench(Latency latency, Replies replies, Export.Access access) throws IOException {
      this(new StagedBackend(SIZE, latency), replies, access);
    }

    Bench(StagedBackend backend, Replies replies, Export.Access access) throws IOException {
      this.backend = backend;
      served =
          new ServedExports(directory, new Export("", "", backend, access, BlockSizes.DEFAULT));
      client = served.raw().start(replies);
    }

    Bench(Latency latency, Replies replies) throws IOException {
      this(latency, replies, Export.Access.READ_WRITE);
    }

    int ask(int type, int flags, long offset, long count) throws IOException {
      int data = type == Protocol.CMD_READ ? (int) count : 0;
      RawClient.Reply reply = client.request(type, flags, 42, offset, count).reply(data);
      assertEquals(42, reply.cookie());
      return reply.error();
    }

    int write(int flags, long offset, byte[] data) throws IOException {
      return client.write(flags, 43, offset, data).reply().error();
    }

    /** Reads through whatever chunks the server chooses. */
    byte[] read(int flags, long offset, int count) throws IOException {
      var _ = client.request(Protocol.CMD_READ, flags, 44, offset, count);
      byte[] data = random(count, 99);
      int covered = 0;
      RawClient.Reply reply;
      do {
        reply = client.reply(count);
        assertEquals(0, reply.error());
        ByteBuffer payload = reply.payload();
        if (reply.simple()) {
          payload.get(data);
          covered += count;
        } else if (reply.type() == Protocol.REPLY_OFFSET_DATA) {
          int at = (int) (payload.getLong() - offset);
          covered += payload.remaining();
          payload.get(data, at, payload.remaining());
        } else if (reply.type() == Protocol.REPLY_OFFSET_HOLE) {
          int at = (int) (payload.getLong() - offset);
          int length = payload.getInt();
          covered += length;
          Arrays.fill(data, at, at + length, (byte) 0);
        }
      } while (!reply.done());
      assertEquals(count, covered);
      return data;
    }

    @Override
    public void close() throws IOException {
      client.close();
      served.close();
    }
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void whatIsWrittenIsReadBack(Latency latency, Replies replies) throws IOException {
    try (var bench = new Bench(latency, replies)) {
      int[] lengths = {1, 511, 4096, 65_535, 65_536, 262_144, 262_145, 1_000_003, SIZE};
      for (int length : lengths) {
        byte[] data = random(length, length);
        long offset = (long) SIZE - length;
        assertEquals(0, bench.write(0, offset, data));
        assertArrayEquals(data, bench.read(0, offset, length), "length " + length);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void emptyRequestsSucceed(Latency latency, Replies replies) throws IOException {
    try (var bench = new Bench(latency, replies)) {
      for (int type : new int[] {0, 4, 5, 6}) {
        assertEquals(0, bench.ask(type, 0, SIZE, 0), Protocol.commandName(type));
      }
      assertEquals(0, bench.write(0, 7, new byte[0]));
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void flushAndFuaReachTheBackend(Latency latency, Replies replies) throws IOException {
    try (var bench = new Bench(latency, replies)) {
      assertEquals(0, bench.write(0, 0, new byte[10]));
      assertEquals(0, bench.backend.flushes());
      assertEquals(0, bench.ask(Protocol.CMD_FLUSH, 0, 0, 0));
      assertEquals(1, bench.backend.flushes());
      assertEquals(0, bench.write(Protocol.FLAG_FUA, 0, new byte[10]));
      assertEquals(2, bench.backend.flushes());
      assertEquals(0, bench.ask(Protocol.CMD_TRIM, Protocol.FLAG_FUA, 0, 10));
      assertEquals(0, bench.ask(Protocol.CMD_WRITE_ZEROES, Protocol.FLAG_FUA, 0, 10));
      assertEquals(4, bench.backend.flushes());
      assertEquals(10, bench.read(Protocol.FLAG_FUA, 0, 10).length);
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void zeroesKeepTheirStorageWhenAsked(Latency latency, Replies replies) throws IOException {
    try (var bench = new Bench(latency, replies)) {
      assertEquals(0, bench.write(0, 0, random(2 << 20, 1)));
      assertEquals(0, bench.ask(Protocol.CMD_WRITE_ZEROES, Protocol.FLAG_NO_HOLE, 0, 2 << 20));
      assertEquals(Holes.FORBIDDEN, bench.backend.lastHoles());
      assertArrayEquals(new byte[2 << 20], bench.read(0, 0, 2 << 20));
      assertEquals(0, bench.ask(Protocol.CMD_WRITE_ZEROES, 0, 0, 2 << 20));
      assertEquals(Holes.ALLOWED, bench.backend.lastHoles());
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void badRequestsAreAnsweredAndTheConnectionStaysInStep(Latency latency, Replies replies)
      throws IOException {
    try (var bench = new Bench(latency, replies)) {
      assertEquals(22, bench.ask(Protocol.CMD_READ, 0, SIZE, 1));
      assertEquals(22, bench.ask(Protocol.CMD_READ, 0, -1, 1));
      assertEquals(22, bench.ask(Protocol.CMD_READ, 0, 0, 33 << 20));
      assertEquals(28, bench.write(0, SIZE - 1, new byte[2]));
      assertEquals(22, bench.write(0, 0, new byte[33 << 20]));
      assertEquals(22, bench.write(1 << 9, 0, new byte[300_000]));
      assertEquals(22, bench.ask(99, 0, 0, 1000));
      assertEquals(22, bench.ask(Protocol.CMD_FLUSH, 0, 0, 1));
      assertEquals(22, bench.ask(Protocol.CMD_TRIM, 0, 1, SIZE));
      assertEquals(0, bench.write(0, 5, random(77, 5)));
      assertArrayEquals(random(77, 5), bench.read(0, 5, 77));
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void changesToAReadOnlyExportAreForbidden(Latency latency, Replies replies) throws IOException {
    try (var bench = new Bench(latency, replies, Export.Access.READ_ONLY)) {
      assertEquals(1, bench.write(0, 0, new byte[100_000]));
      assertEquals(1, bench.ask(Protocol.CMD_TRIM, 0, 0, 1));
      assertEquals(1, bench.ask(Protocol.CMD_WRITE_ZEROES, 0, 0, 1));
      assertArrayEquals(new byte[10], bench.read(0, 0, 10));
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void backendFailuresBecomeErrorRepliesNotBrokenOnes(Latency latency, Replies replies)
      throws IOException {
    try (var bench = new Bench(latency, replies)) {
      Object[][] failures = {
        {new IOException("medium error"), 5},
        {new IOException("No space left on device"), 28},
        {new AccessDeniedException("x"), 1},
        {new BackendClosedException(), 108},
        {new NbdException(NbdError.ESHUTDOWN, "fenced"), 108},
        {new IllegalStateException("a defect"), 5},
      };
      for (Object[] failure : failures) {
        for (int count : new int[] {10, 70_000, 300_000}) {
          bench.backend.failNext((Exception) failure[0]);
          assertEquals(failure[1], firstError(bench, 0, count), "read after " + failure[0]);
          bench.backend.failNext((Exception) failure[0]);
          assertEquals(failure[1], bench.write(0, 0, random(count, 3)), "write " + failure[0]);
        }
        bench.backend.failNext((Exception) failure[0]);
        assertEquals(failure[1], bench.ask(Protocol.CMD_FLUSH, 0, 0, 0));
      }
      assertEquals(0, bench.write(0, 0, random(300_000, 4)));
      assertArrayEquals(random(300_000, 4), bench.read(0, 0, 300_000));
    }
  }

  private static int firstError(Bench bench, long offset, int count) throws IOException {
    var _ = bench.client.request(Protocol.CMD_READ, 0, 7, offset, count);
    RawClient.Reply reply = bench.client.reply(count);
    while (!reply.done()) {
      reply = bench.client.reply(count);
    }
    if (reply.error() == 0) {
      // The range was a hole and the backend was never asked: ask for one that is data.
      assertEquals(Protocol.REPLY_OFFSET_HOLE, reply.type());
      var _ = bench.client.request(Protocol.CMD_READ, 0, 7, offset, 10);
      reply = bench.client.reply(10);
    }
    return reply.error();
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void errorsNameCommandOffsetAndCount(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.STRUCTURED)) {
      var _ = bench.client.request(Protocol.CMD_READ, 0, 1, SIZE - 5, 4096);
      String message = bench.client.reply().message();
      assertTrue(message.contains("READ"), message);
      assertTrue(message.contains(Integer.toString(SIZE - 5)), message);
      assertTrue(message.contains("4096"), message);
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void aFailedReadNamesTheOffset(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.STRUCTURED)) {
      bench.backend.failNext(new IOException("medium error"));
      RawClient.Reply reply = bench.client.request(Protocol.CMD_READ, 0, 1, 1234, 10).reply();
      assertEquals(Protocol.REPLY_ERROR_OFFSET, reply.type());
      assertTrue(reply.message().contains("medium error"));
      assertEquals(1234, reply.payload().getLong(reply.payload().limit() - 8));
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void blockStatusTellsHolesAndStopsAfterOneWhenAsked(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.STRUCTURED)) {
      assertEquals(0, bench.write(0, 1 << 20, new byte[] {1}));
      var _ = bench.client.request(Protocol.CMD_BLOCK_STATUS, 0, 1, 100, SIZE - 100);
      ByteBuffer all = bench.client.reply().payload();
      assertEquals(Protocol.ALLOCATION_CONTEXT_ID, all.getInt());
      assertEquals((1 << 20) - 100, all.getInt());
      assertEquals(Protocol.STATE_HOLE | Protocol.STATE_ZERO, all.getInt());
      assertEquals(1 << 20, all.getInt());
      assertEquals(0, all.getInt());
      assertEquals(SIZE - (2 << 20), all.getInt());
      assertEquals(3, all.getInt());
      var _ =
          bench.client.request(
              Protocol.CMD_BLOCK_STATUS, Protocol.FLAG_REQ_ONE, 2, 100, SIZE - 100);
      RawClient.Reply one = bench.client.reply();
      assertEquals(12, one.payload().remaining());
      assertTrue(one.done());
    }
  }

  @Test
  void longReadsOfMemorySkipHolesUnlessFragmentsAreUnwanted() throws IOException {
    try (var bench = new Bench(Latency.MEMORY, Replies.STRUCTURED)) {
      assertEquals(0, bench.write(0, 1 << 20, random(1 << 20, 8)));
      RawClient.Reply first = bench.client.request(Protocol.CMD_READ, 0, 1, 0, 2 << 20).reply();
      assertEquals(Protocol.REPLY_OFFSET_HOLE, first.type());
      RawClient.Reply next;
      do {
        next = bench.client.reply();
        assertEquals(Protocol.REPLY_OFFSET_DATA, next.type());
      } while (!next.done());
      RawClient.Reply whole =
          bench.client.request(Protocol.CMD_READ, Protocol.FLAG_DF, 1, 0, 2 << 20).reply();
      assertEquals(Protocol.REPLY_OFFSET_DATA, whole.type());
      assertEquals((2 << 20) + 8, whole.payload().remaining());
      assertTrue(whole.done());
    }
  }

  @Test
  void readingAFileAsksTheFileSystemForNoHole() throws IOException {
    var walked = new WalkedFile(4 << 20);
    Path file = directory.resolve("disk");
    try (var backend = FileBackend.create(file, 4 << 20, _ -> walked);
        var served = new ServedExports(directory, Export.of("", backend));
        RawClient client = served.raw().start(Replies.STRUCTURED)) {
      assertTrue(walked.punch(0, 1 << 20));
      for (int count : new int[] {10, 4096, 70_000, 1 << 20}) {
        // Often enough that all ways to serve it are taken.
        for (int i = 0; i < 300; i++) {
          var _ = client.request(Protocol.CMD_READ, 0, 1, 0, count);
          int got = 0;
          RawClient.Reply reply;
          do {
            reply = client.reply();
            assertEquals(Protocol.REPLY_OFFSET_DATA, reply.type());
            got += reply.payload().remaining() - Long.BYTES;
          } while (!reply.done());
          assertEquals(count, got);
        }
      }
      assertEquals(0, walked.asked());
      RawClient.Reply status = client.request(Protocol.CMD_BLOCK_STATUS, 0, 1, 0, 2 << 20).reply();
      assertEquals(1 << 20, status.payload().getInt(4));
      assertEquals(Protocol.STATE_HOLE | Protocol.STATE_ZERO, status.payload().getInt(8));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Latency.class,
      names = {"LOCAL", "REMOTE"})
  void aSlowRequestDoesNotHoldUpTheOthers(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.SIMPLE)) {
      StagedBackend.Hold hold = bench.backend.holdNextRead();
      // Two at once, so that the first is not served alone.
      ByteBuffer both = ByteBuffer.allocate(2 * Protocol.REQUEST_BYTES);
      both.put(RawClient.requestBytes(Protocol.CMD_READ, 0, 1, 0, 10));
      both.put(RawClient.requestBytes(Protocol.CMD_FLUSH, 0, 2, 0, 0)).flip();
      bench.client.put(both);
      assertEquals(2, bench.client.reply().cookie());
      hold.release();
      assertEquals(1, bench.client.reply(10).cookie());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatComesAloneIsServedByTheThreadThatTookIt(boolean write) throws IOException {
    Set<String> threads = ConcurrentHashMap.newKeySet();
    var backend =
        new ForwardingBackend(new StagedBackend(SIZE, Latency.LOCAL)) {
          @Override
          public void read(ByteBuffer dst, long offset) throws IOException {
            threads.add(Thread.currentThread().getName());
            below.read(dst, offset);
          }

          @Override
          public void write(ByteBuffer src, long offset) throws IOException {
            threads.add(Thread.currentThread().getName());
            below.write(src, offset);
          }
        };
    try (var served = new ServedExports(directory, Export.of("", backend));
        RawClient client = served.raw().start(Replies.SIMPLE)) {
      for (int i = 0; i < 100; i++) {
        if (write) {
          // In one piece, as clients send it.
          client.put(
              ByteBuffer.allocate(Protocol.REQUEST_BYTES + 4096)
                  .put(RawClient.requestBytes(Protocol.CMD_WRITE, 0, i, 0, 4096))
                  .clear());
          assertEquals(0, client.reply().error());
        } else {
          assertEquals(0, client.request(Protocol.CMD_READ, 0, i, 0, 10).reply(10).error());
        }
      }
    }
    assertEquals(1, threads.size(), threads.toString());
    assertTrue(threads.iterator().next().startsWith("nbd-client"), threads.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100, 4095})
  void aLongWriteIsHandedOnInWholePages(int offset) throws IOException {
    List<Long> ends = new CopyOnWriteArrayList<>();
    var backend =
        new ForwardingBackend(new StagedBackend(SIZE, Latency.MEMORY)) {
          @Override
          public void write(ByteBuffer src, long at) throws IOException {
            ends.add(at + src.remaining());
            below.write(src, at);
          }
        };
    byte[] data = random((2 << 20) + 7, 11);
    try (var served = new ServedExports(directory, Export.of("", backend));
        RawClient client = served.raw().start(Replies.SIMPLE)) {
      assertEquals(0, client.write(0, 1, offset, data).reply().error());
      RawClient.Reply read =
          client.request(Protocol.CMD_READ, 0, 1, offset, data.length).reply(data.length);
      assertEquals(ByteBuffer.wrap(data), read.payload());
    }
    assertEquals(offset + data.length, ends.removeLast());
    assertFalse(ends.isEmpty());
    for (long end : ends) {
      assertEquals(0, end % 4096);
    }
  }

  @Test
  void aDiskThatIsStuckHoldsUpNoOtherConnection() throws IOException {
    var stuck = new CountDownLatch(1);
    var backend =
        new ForwardingBackend(new StagedBackend(SIZE, Latency.LOCAL)) {
          @Override
          public void read(ByteBuffer dst, long offset) throws IOException {
            if (offset != 0) {
              await(stuck);
            }
            below.read(dst, offset);
          }
        };
    int many = 100;
    try (var served = new ServedExports(directory, Export.of("", backend));
        RawClient first = served.raw().start(Replies.SIMPLE);
        RawClient second = served.raw().start(Replies.SIMPLE)) {
      first.put(readsAtOnce(many, 4096));
      second.put(readsAtOnce(many, 0));
      for (int i = 0; i < many; i++) {
        assertEquals(0, second.reply(10).error());
      }
      stuck.countDown();
      for (int i = 0; i < many; i++) {
        assertEquals(0, first.reply(10).error());
      }
    }
  }

  private static ByteBuffer readsAtOnce(int count, long offset) {
    ByteBuffer requests = ByteBuffer.allocate(count * Protocol.REQUEST_BYTES);
    for (int i = 0; i < count; i++) {
      requests.put(RawClient.requestBytes(Protocol.CMD_READ, 0, i, offset, 10));
    }
    return requests.flip();
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IOException("nobody released it");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void manyRequestsAtOnceAreAllAnswered(Latency latency, Replies replies) throws IOException {
    try (var bench = new Bench(latency, replies)) {
      assertManyAtOnce(bench);
    }
  }

  @ParameterizedTest
  @EnumSource(Replies.class)
  void aBackendMayBecomeSlowAndFastAgainAtAnyMoment(Replies replies) throws IOException {
    var calls = new AtomicInteger();
    Latency[] changing = {Latency.MEMORY, Latency.MEMORY, Latency.REMOTE, Latency.LOCAL};
    var backend =
        new StagedBackend(
            SIZE, () -> changing[Math.floorMod(calls.incrementAndGet() / 3, changing.length)]);
    try (var bench = new Bench(backend, replies, Export.Access.READ_WRITE)) {
      for (int i = 0; i < 20; i++) {
        assertManyAtOnce(bench);
      }
    }
  }

  private static void assertManyAtOnce(Bench bench) throws IOException {
    assertEquals(0, bench.write(0, 0, random(1 << 20, 2)));
    byte[] expected = random(1 << 20, 2);
    int count = 500;
    ByteBuffer batch = ByteBuffer.allocate(count * Protocol.REQUEST_BYTES);
    for (int i = 0; i < count; i++) {
      batch.put(RawClient.requestBytes(Protocol.CMD_READ, 0, i, i, 8));
    }
    bench.client.put(batch.flip());
    Set<Long> answered = new HashSet<>();
    for (int i = 0; i < count; i++) {
      RawClient.Reply reply = bench.client.reply(8);
      assertEquals(0, reply.error());
      byte[] data = new byte[8];
      reply.payload().get(reply.payload().limit() - 8, data);
      int at = (int) reply.cookie();
      assertArrayEquals(Arrays.copyOfRange(expected, at, at + 8), data);
      assertTrue(answered.add(reply.cookie()));
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void disconnectEndsAfterOutstandingRequests(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.SIMPLE)) {
      ByteBuffer both = ByteBuffer.allocate(2 * Protocol.REQUEST_BYTES);
      both.put(RawClient.requestBytes(Protocol.CMD_READ, 0, 1, 0, 10));
      both.put(RawClient.requestBytes(Protocol.CMD_DISC, 0, 0, 0, 0)).flip();
      bench.client.put(both);
      assertEquals(1, bench.client.reply(10).cookie());
      assertTrue(bench.client.ended());
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void aWrongMagicEndsThisConnectionOnly(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.SIMPLE);
        RawClient other = bench.served.raw().start(Replies.SIMPLE)) {
      bench.client.put(ByteBuffer.allocate(Protocol.REQUEST_BYTES));
      assertTrue(bench.client.ended());
      assertEquals(0, other.request(Protocol.CMD_READ, 0, 1, 0, 10).reply(10).error());
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void aPayloadBeyondAllBoundsEndsTheConnection(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.SIMPLE);
        RawClient other = bench.served.raw().start(Replies.SIMPLE)) {
      var _ = bench.client.request(Protocol.CMD_WRITE, 0, 1, 0, 0xffffffffL);
      assertTrue(bench.client.ended());
      assertEquals(0, other.request(Protocol.CMD_READ, 0, 1, 0, 10).reply(10).error());
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void aClientThatLeavesWithinAPayloadHarmsNobody(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.SIMPLE)) {
      var _ = bench.client.request(Protocol.CMD_WRITE, 0, 1, 0, 1 << 20);
      bench.client.put(ByteBuffer.allocate(1000));
      bench.client.finish();
      assertTrue(bench.client.ended());
      try (RawClient other = bench.served.raw().start(Replies.SIMPLE)) {
        assertEquals(0, other.request(Protocol.CMD_READ, 0, 1, 0, 10).reply(10).error());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void aFlushOnOneConnectionCoversWritesOnAnother(Latency latency) throws IOException {
    try (var bench = new Bench(latency, Replies.SIMPLE);
        RawClient other = bench.served.raw().start(Replies.SIMPLE)) {
      assertEquals(0, bench.write(0, 0, random(10, 6)));
      assertEquals(0, other.request(Protocol.CMD_FLUSH, 0, 1, 0, 0).reply().error());
      assertEquals(1, bench.backend.flushes());
      RawClient.Reply reply = other.request(Protocol.CMD_READ, 0, 1, 0, 10).reply(10);
      assertEquals(ByteBuffer.wrap(random(10, 6)), reply.payload());
    }
  }
}
