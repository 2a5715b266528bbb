package dev.godwit.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.session.Greeting;
import dev.godwit.session.Peer;
import dev.godwit.session.TestMesh;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.testing.EvilText;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every transport must do, whatever it is made of: the contract of {@link ByteStream}, {@link
 * Connection} and {@link Transport}, clause by clause. A transport's test extends this.
 */
@Timeout(60)
public abstract class TransportConformance {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Who dials. */
  protected final Identity alice = Identity.generate(RANDOM);

  /** Who listens. */
  protected final Identity bob = Identity.generate(RANDOM);

  private Transport dialler;
  private Transport acceptor;
  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();

  /** For subclasses. */
  protected TransportConformance() {}

  /** A transport on this machine for {@code identity}. */
  protected abstract Transport transport(Identity identity) throws Exception;

  /** Where the peers of a transport may be. */
  protected enum Reach {
    /** Anywhere; what they say is not to be trusted. */
    OTHER_MACHINES,
    /** In this process. */
    ONE_PROCESS
  }

  /** Where peers may be. */
  protected Reach reach() {
    return Reach.OTHER_MACHINES;
  }

  /** How many times longer than on one machine everything may take. */
  protected int slowness() {
    return 1;
  }

  private Duration seconds(int count) {
    return Duration.ofSeconds((long) count * slowness());
  }

  private <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(10L * slowness(), TimeUnit.SECONDS);
  }

  @BeforeEach
  void open() throws Exception {
    dialler = transport(alice);
    acceptor = transport(bob);
    acceptor.listen(accepted::add);
    dialler.listen(connection -> connection.close("not expected"));
  }

  @AfterEach
  void close() {
    dialler.close();
    acceptor.close();
  }

  private Connection dial() throws IOException {
    return dialler.dial(bob.id(), acceptor.addresses(), seconds(10));
  }

  private Connection accepted() throws InterruptedException {
    Connection connection = accepted.poll(10L * slowness(), TimeUnit.SECONDS);
    assertTrue(connection != null, "nothing was accepted");
    return connection;
  }

  /** A stream from alice to bob, and bob's end of it, after one byte each way. */
  private ByteStream[] stream() throws Exception {
    Connection here = dial();
    Connection there = accepted();
    return stream(here, there);
  }

  private ByteStream[] stream(Connection here, Connection there) throws Exception {
    CompletableFuture<ByteStream> opened = new CompletableFuture<>();
    CountDownLatch over = new CountDownLatch(1);
    there.serve(
        stream -> {
          opened.complete(stream);
          try {
            over.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
    ByteStream mine = here.open(Urgency.DEMAND);
    mine.timeout(seconds(20));
    mine.write(bytes("?"));
    ByteStream theirs = get(opened);
    theirs.timeout(seconds(20));
    assertEquals("?", text(theirs, 1));
    return new ByteStream[] {mine, theirs};
  }

  /** Something that blocks until the other side has read. */
  @FunctionalInterface
  private interface Writing {
    void run() throws IOException;
  }

  private static void inBackground(Writing writing) {
    Thread.startVirtualThread(
        () -> {
          try {
            writing.run();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(ByteStream stream, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    stream.readFully(buffer);
    return new String(buffer.array(), StandardCharsets.UTF_8);
  }

  @Test
  void bothSidesKnowWhoThePeerIs() throws Exception {
    assertEquals(bob.id(), dial().peer());
    assertEquals(alice.id(), accepted().peer());
  }

  @Test
  void dialsNobodyElse() {
    Identity stranger = Identity.generate(RANDOM);
    IOException failure =
        assertThrows(
            IOException.class,
            () -> dialler.dial(stranger.id(), acceptor.addresses(), Duration.ofSeconds(3)));
    assertTrue(
        String.valueOf(failure.getMessage()).contains(stranger.id().shortForm()),
        failure::getMessage);
  }

  @Test
  void carriesBytesBothWays() throws Exception {
    ByteStream[] ends = stream();
    ends[0].write(bytes("to "), bytes("bob"));
    assertEquals("to bob", text(ends[1], 6));
    ends[1].write(bytes("to alice"));
    assertEquals("to alice", text(ends[0], 8));
  }

  @Test
  void thePeerMayOpenStreamsToo() throws Exception {
    Connection here = dial();
    Connection there = accepted();
    ByteStream[] ends = stream(there, here);
    ends[0].write(bytes("hello"));
    assertEquals("hello", text(ends[1], 5));
  }

  @Test
  void writesOfEveryBufferKindArriveInOrder() throws Exception {
    ByteStream[] ends = stream();
    ByteBuffer direct = ByteBuffer.allocateDirect(5).put(bytes("xbbbx")).position(1).limit(4);
    ByteBuffer readOnly = bytes("ccc").asReadOnlyBuffer();
    ends[0].write(bytes("aaa"), direct, ByteBuffer.allocate(0), readOnly);
    assertEquals("aaabbbccc", text(ends[1], 9));
    assertFalse(direct.hasRemaining());
    assertFalse(readOnly.hasRemaining());
  }

  @Test
  void aBufferMayBeUsedAgainAfterAWrite() throws Exception {
    ByteStream[] ends = stream();
    inBackground(
        () -> {
          ByteBuffer buffer = ByteBuffer.allocateDirect(100_000);
          for (byte round = 0; round < 20; round++) {
            buffer.clear();
            while (buffer.hasRemaining()) {
              buffer.put(round);
            }
            ends[0].write(buffer.flip());
          }
        });
    ByteBuffer got = ByteBuffer.allocate(100_000);
    for (byte round = 0; round < 20; round++) {
      got.clear();
      ends[1].readFully(got);
      for (byte b : got.array()) {
        assertEquals(round, b);
      }
    }
  }

  @Test
  void aPooledBufferComesBackToItsPool() throws Exception {
    ByteStream[] ends = stream();
    BufferPool pool = new BufferPool(8, 1);
    PooledBuffer buffer = pool.take();
    buffer.bytes().put(bytes("pool")).flip();
    ends[0].send(buffer);
    assertEquals("pool", text(ends[1], 4));
    ends[1].write(bytes("!"));
    assertEquals("!", text(ends[0], 1));
    // A fresh buffer would be zero.
    while (pool.take().bytes().get(0) != 'p') {
      Thread.onSpinWait();
    }
  }

  @Test
  void movesMegabytesUndamagedBothWaysAtOnce() throws Exception {
    ByteStream[] ends = stream();
    List<CompletableFuture<byte[]>> digests = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      ByteStream out = ends[i];
      ByteStream in = ends[1 - i];
      long seed = i;
      digests.add(
          CompletableFuture.supplyAsync(() -> writeRandom(out, seed), Thread::startVirtualThread));
      digests.add(CompletableFuture.supplyAsync(() -> readAll(in), Thread::startVirtualThread));
    }
    assertArrayEquals(digests.get(0).get(), digests.get(1).get());
    assertArrayEquals(digests.get(2).get(), digests.get(3).get());
  }

  private static byte[] writeRandom(ByteStream out, long seed) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      Random random = new Random(seed);
      for (int sent = 0; sent < 24 << 20; ) {
        byte[] bytes = new byte[1 + random.nextInt(300_000)];
        random.nextBytes(bytes);
        digest.update(bytes);
        out.write(ByteBuffer.wrap(bytes));
        sent += bytes.length;
      }
      out.finish();
      return digest.digest();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] readAll(ByteStream in) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      ByteBuffer buffer = ByteBuffer.allocate(70_000);
      while (in.read(buffer.clear()) >= 0) {
        digest.update(buffer.flip());
      }
      return digest.digest();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void finishEndsOneDirectionOnly() throws Exception {
    ByteStream[] ends = stream();
    ends[0].write(bytes("last words"));
    ends[0].finish();
    assertEquals("last words", text(ends[1], 10));
    assertEquals(-1, ends[1].read(ByteBuffer.allocate(1)));
    assertEquals(-1, ends[1].read(ByteBuffer.allocate(1)));
    ends[1].write(bytes("answer"));
    ends[1].finish();
    assertEquals("answer", text(ends[0], 6));
    assertEquals(-1, ends[0].read(ByteBuffer.allocate(1)));
  }

  @Test
  void writingAfterFinishFails() throws Exception {
    ByteStream[] ends = stream();
    ends[0].finish();
    ends[0].finish();
    assertThrows(IOException.class, () -> ends[0].write(bytes("too late")));
  }

  @Test
  void closingAfterBothFinishedLosesNothing() throws Exception {
    ByteStream[] ends = stream();
    ends[0].write(bytes("question"));
    ends[0].finish();
    assertEquals("question", text(ends[1], 8));
    assertEquals(-1, ends[1].read(ByteBuffer.allocate(1)));
    inBackground(
        () -> {
          ends[1].write(ByteBuffer.wrap(new byte[500_000]));
          ends[1].finish();
          ends[1].close();
        });
    ByteBuffer answer = ByteBuffer.allocate(500_000);
    ends[0].readFully(answer);
    assertEquals(-1, ends[0].read(ByteBuffer.allocate(1)));
  }

  @Test
  void resetReachesAReaderWithItsCode() throws Exception {
    ByteStream[] ends = stream();
    ends[0].reset(42);
    StreamResetException seen =
        assertThrows(StreamResetException.class, () -> ends[1].readFully(ByteBuffer.allocate(1)));
    assertEquals(42, seen.code());
  }

  @Test
  void resetReachesABlockedWriterWithItsCode() throws Exception {
    ByteStream[] ends = stream();
    CompletableFuture<Throwable> blocked = new CompletableFuture<>();
    CountDownLatch writing = new CountDownLatch(1);
    Thread.startVirtualThread(
        () -> {
          try {
            writing.countDown();
            while (true) {
              ends[0].write(ByteBuffer.allocate(1 << 20));
            }
          } catch (IOException e) {
            blocked.complete(e);
          }
        });
    assertTrue(writing.await(10L * slowness(), TimeUnit.SECONDS));
    ends[1].reset(7);
    Throwable seen = get(blocked);
    assertEquals(7, ((StreamResetException) seen).code(), seen::toString);
  }

  @Test
  void resetEndsOurOwnBlockedRead() throws Exception {
    ByteStream[] ends = stream();
    CompletableFuture<Throwable> blocked = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            ends[0].readFully(ByteBuffer.allocate(1));
          } catch (IOException e) {
            blocked.complete(e);
          }
        });
    ends[0].reset(9);
    assertEquals(9, ((StreamResetException) get(blocked)).code());
  }

  @Test
  void aReadWithoutProgressTimesOutAndTheStreamGoesOn() throws Exception {
    ByteStream[] ends = stream();
    ends[0].timeout(Duration.ofMillis(50));
    assertThrows(StreamTimeoutException.class, () -> ends[0].read(ByteBuffer.allocate(1)));
    ends[0].timeout(seconds(10));
    ends[1].write(bytes("late"));
    assertEquals("late", text(ends[0], 4));
  }

  @Test
  void aWriterStopsWhenNobodyReads() throws Exception {
    ByteStream[] ends = stream();
    ends[0].timeout(Duration.ofSeconds(2));
    AtomicLong written = new AtomicLong();
    assertThrows(
        StreamTimeoutException.class,
        () -> {
          while (written.get() < 1L << 30) {
            ends[0].write(ByteBuffer.allocate(1 << 20));
            written.addAndGet(1 << 20);
          }
        });
    assertTrue(written.get() < 128L << 20, () -> written + " bytes were buffered");
  }

  @Test
  void streamsDoNotBlockEachOther() throws Exception {
    Connection here = dial();
    Connection there = accepted();
    LinkedBlockingQueue<ByteStream> opened = new LinkedBlockingQueue<>();
    CountDownLatch over = new CountDownLatch(1);
    there.serve(
        stream -> {
          opened.add(stream);
          try {
            over.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
    ByteStream stuck = here.open(Urgency.BULK);
    stuck.timeout(Duration.ofSeconds(1));
    assertThrows(
        StreamTimeoutException.class,
        () -> {
          while (true) {
            stuck.write(ByteBuffer.allocate(1 << 20));
          }
        });
    assertTrue(opened.poll(10L * slowness(), TimeUnit.SECONDS) != null);
    ByteStream free = here.open(Urgency.DEMAND);
    free.write(bytes("passing"));
    ByteStream theirs = opened.poll(10L * slowness(), TimeUnit.SECONDS);
    assertTrue(theirs != null);
    theirs.timeout(seconds(10));
    assertEquals("passing", text(theirs, 7));
    over.countDown();
  }

  @Test
  void manyStreamsInARow() throws Exception {
    Connection here = dial();
    Connection there = accepted();
    there.serve(
        stream -> {
          ByteBuffer buffer = ByteBuffer.allocate(16);
          int count = 0;
          while (count >= 0) {
            count = stream.read(buffer);
          }
          stream.write(buffer.flip());
          stream.finish();
        });
    for (int i = 0; i < 600; i++) {
      try (ByteStream stream = here.open(Urgency.DEMAND)) {
        stream.timeout(seconds(10));
        stream.write(bytes("" + i));
        stream.finish();
        assertEquals("" + i, text(stream, ("" + i).length()));
        assertEquals(-1, stream.read(ByteBuffer.allocate(1)));
      }
    }
  }

  @Test
  void streamsThatCameBeforeTheHandlerAreServed() throws Exception {
    Connection here = dial();
    ByteStream early = here.open(Urgency.DEMAND);
    early.timeout(seconds(10));
    early.write(bytes("early"));
    early.finish();
    Connection there = accepted();
    there.serve(
        stream -> {
          ByteBuffer buffer = ByteBuffer.allocate(5);
          stream.readFully(buffer);
          assertEquals(-1, stream.read(ByteBuffer.allocate(1)));
          stream.write(buffer.flip());
          stream.finish();
        });
    assertEquals("early", text(early, 5));
  }

  /** A member of a mesh that has this node's key. */
  private Greeting greeting(TestMesh mesh, Identity identity) {
    TestMesh.Member member =
        mesh.member(identity, "somebody", List.of(), InstantSource.system(), Duration.ofDays(1));
    return new Greeting(member.admission(), Map.of(), seconds(10));
  }

  @Test
  void whyAPeerClosesIsFitForTerminals() throws Exception {
    Connection here = dial();
    Connection there = accepted();
    var _ = stream(here, there);
    here.close(EvilText.TEXT);
    String why = get(there.closed());
    switch (reach()) {
      case OTHER_MACHINES -> EvilText.assertHarmless(why);
      // The peer is this program itself.
      case ONE_PROCESS -> assertEquals(EvilText.TEXT, why);
    }
  }

  @Test
  void whoIsNotGreetedOpensTwoStreams() throws Exception {
    TestMesh mesh = new TestMesh();
    Connection here = dial();
    var _ = greeting(mesh, bob).welcome(accepted());
    AtomicInteger refused = new AtomicInteger();
    List<ByteStream> streams = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      ByteStream stream = here.open(Urgency.DEMAND);
      streams.add(stream);
      inBackground(
          () -> {
            StreamResetException ended =
                assertThrows(
                    StreamResetException.class,
                    () -> {
                      // Not a whole frame: it is waited for.
                      stream.write(bytes("?"));
                      int _ = stream.read(ByteBuffer.allocate(1));
                    });
            refused.getAndAdd(ended.code() == StreamQueue.REFUSED ? 1 : 0);
          });
    }
    Patience.until("six are refused", seconds(20), () -> refused.get() == 6);
    streams.forEach(stream -> stream.reset(42));
    here.close("enough");
    assertEquals(6, refused.get());

    Connection again = dial();
    CompletableFuture<Peer> greeted = greeting(mesh, bob).welcome(accepted());
    greeting(mesh, alice).greet(again);
    assertEquals(alice.id(), get(greeted).id());
  }

  @Test
  void closingTellsThePeerWhyAndEndsItsReads() throws Exception {
    Connection here = dial();
    Connection there = accepted();
    ByteStream[] ends = stream(here, there);
    CompletableFuture<Throwable> blocked = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            ends[1].timeout(Duration.ZERO);
            ends[1].readFully(ByteBuffer.allocate(1));
          } catch (IOException e) {
            blocked.complete(e);
          }
        });
    here.close("gone fishing");
    String reason = get(there.closed());
    assertTrue(reason.contains("gone fishing"), reason);
    assertFalse(there.isOpen());
    assertTrue(get(blocked) instanceof IOException);
    assertThrows(IOException.class, () -> here.open(Urgency.DEMAND));
  }
}
